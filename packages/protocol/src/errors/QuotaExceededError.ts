import { W3bError } from './W3bError.ts'

/** An allotment is used up for now. */
export class QuotaExceededError extends W3bError {
  override readonly name = 'QuotaExceededError'
  constructor(p: { scope: string; retryAfterMs: number }) {
    super('QUOTA_EXCEEDED', `Too many messages for ${p.scope}.`, {
      status: 429,
      meta: p,
      hint: `Try again in ${Math.ceil(p.retryAfterMs / 1000)} s.`,
      retryable: true,
      retryAfterS: Math.max(1, Math.ceil(p.retryAfterMs / 1000)),
    })
  }
}
