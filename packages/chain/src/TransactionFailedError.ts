import { W3bError } from '@w3bstream/protocol'

/** A transaction of an owner or operator would revert, reverted, cannot be paid for, or was not mined in time. */
export class TransactionFailedError extends W3bError {
  override readonly name = 'TransactionFailedError'
  constructor(p: { what: string; reason: string; transaction?: string }) {
    super('TRANSACTION_FAILED', `${p.what} failed: ${p.reason}`, { status: 422, meta: p })
  }
}
