import { W3bError } from '@w3bstream/protocol'
import { AwsError } from '../calls/AwsError.ts'

/**
 * A service of AWS that a unit cannot work without does not answer, or refuses. Either passes: a role is not yet known everywhere, or a person sets a
 * permission or a key right. What waited for it is not at fault.
 */
export class AwsUnavailableError extends W3bError {
  override readonly name = 'AwsUnavailableError'
  constructor(p: { readonly service: string; readonly subject: string; readonly cause: unknown }) {
    const code = p.cause instanceof AwsError ? p.cause.code : 'unknown'
    super('AWS_UNAVAILABLE', `${p.service} did not do what was asked with ${p.subject}: ${code}`, {
      status: 503,
      retryable: true,
      retryAfterS: 5,
      meta: { service: p.service, subject: p.subject, reason: code },
      cause: p.cause,
    })
  }
}
