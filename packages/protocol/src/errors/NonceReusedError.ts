import { W3bError } from './W3bError.ts'

/** A device's nonce was used before, for another payload. */
export class NonceReusedError extends W3bError {
  override readonly name = 'NonceReusedError'
  constructor(p: { device: string; nonce: bigint; messageId: string }) {
    super('NONCE_REUSED', `Device ${p.device} already used nonce ${p.nonce} for another message.`, {
      status: 409,
      meta: p,
      hint: 'Send the next nonce, or the same payload to get the same message id.',
    })
  }
}
