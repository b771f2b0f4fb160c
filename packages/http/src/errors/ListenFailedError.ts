import { W3bError } from '@w3bstream/protocol'

/** The system does not let the server listen where it was told to. */
export class ListenFailedError extends W3bError {
  override readonly name = 'ListenFailedError'
  constructor(p: { hostname: string; port: number; reason: string; cause?: unknown }) {
    super('LISTEN_FAILED', `Cannot listen on ${p.hostname}, port ${p.port}: ${p.reason}.`, {
      meta: { hostname: p.hostname, port: p.port },
      ...(p.cause === undefined ? {} : { cause: p.cause }),
    })
  }
}
