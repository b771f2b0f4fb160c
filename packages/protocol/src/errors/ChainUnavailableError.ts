import { W3bError } from './W3bError.ts'

/** A chain endpoint does not answer, or not truthfully. */
export class ChainUnavailableError extends W3bError {
  override readonly name = 'ChainUnavailableError'
  constructor(p: { chainId: bigint; reason: string; cause?: unknown }) {
    super('CHAIN_UNAVAILABLE', `Chain ${p.chainId} is unavailable: ${p.reason}`, {
      status: 503,
      meta: { chainId: p.chainId, reason: p.reason },
      retryable: true,
      retryAfterS: 5,
      ...(p.cause === undefined ? {} : { cause: p.cause }),
    })
  }
}
