import { W3bError } from './W3bError.ts'

/** A signature is malformed, of another key, or over other data. */
export class BadSignatureError extends W3bError {
  override readonly name = 'BadSignatureError'
  constructor({ reason, hint }: { reason: string; hint?: string }) {
    super('BAD_SIGNATURE', `The signature is not valid: ${reason}.`, {
      status: 401,
      meta: { reason },
      ...(hint === undefined ? {} : { hint }),
    })
  }
}
