import { W3bError } from './W3bError.ts'

/** Published bytes cannot be had now, or never: not found, too large, too slow, or refused. */
export class ContentUnavailableError extends W3bError {
  override readonly name = 'ContentUnavailableError'
  constructor(p: { uri: string; reason: string; retryable?: boolean; cause?: unknown }) {
    super('CONTENT_UNAVAILABLE', `${p.uri} cannot be fetched: ${p.reason}`, {
      status: 502,
      meta: { uri: p.uri, reason: p.reason },
      retryable: p.retryable ?? true,
      ...(p.cause === undefined ? {} : { cause: p.cause }),
    })
  }
}
