import { W3bError } from './W3bError.ts'

/** The store cannot take a write or answer a read now; nothing was half done. */
export class StoreUnavailableError extends W3bError {
  override readonly name = 'StoreUnavailableError'
  constructor(p: { reason: string; cause?: unknown }) {
    super('STORE_UNAVAILABLE', `The store is unavailable: ${p.reason}`, {
      status: 503,
      retryable: true,
      retryAfterS: 5,
      ...(p.cause === undefined ? {} : { cause: p.cause }),
    })
  }
}
