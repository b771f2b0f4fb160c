import { W3bError } from '@w3bstream/protocol'

/** A node refused the request, in its own words. */
export class NodeAnswerError extends W3bError {
  override readonly name = 'NodeAnswerError'
  constructor(p: { code: string; message: string; status: number; hint?: string; retryAfterS?: number }) {
    super(p.code, p.message, {
      status: p.status,
      meta: { status: p.status },
      ...(p.hint === undefined ? {} : { hint: p.hint }),
      ...(p.retryAfterS === undefined ? {} : { retryAfterS: p.retryAfterS }),
    })
  }
}
