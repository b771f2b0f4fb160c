import { W3bError } from './W3bError.ts'

/** An idempotency key was used before, for another message. */
export class IdempotencyKeyReusedError extends W3bError {
  override readonly name = 'IdempotencyKeyReusedError'
  constructor(p: { key: string; messageId: string }) {
    super('IDEMPOTENCY_KEY_REUSED', `Idempotency key ${p.key} was already used for another message.`, {
      status: 409,
      meta: p,
      hint: 'Use a new key for a new message.',
    })
  }
}
