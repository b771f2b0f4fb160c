import { W3bError } from '@w3bstream/protocol'

/** No node answers at the URL. */
export class NodeUnreachableError extends W3bError {
  override readonly name = 'NodeUnreachableError'
  constructor(p: { url: string; reason: string; cause?: unknown }) {
    super('NODE_UNREACHABLE', `No node answers at ${p.url}: ${p.reason}.`, {
      status: 503,
      meta: { url: p.url },
      hint: 'Start one with `w3b dev`, or name another with --url or W3B_URL.',
      retryable: true,
      ...(p.cause === undefined ? {} : { cause: p.cause }),
    })
  }
}
