import { W3bError } from '@w3bstream/protocol'

/** A task cannot be proved or sent again: retention has deleted its payloads. */
export class PayloadsExpiredError extends W3bError {
  override readonly name = 'PayloadsExpiredError'
  constructor(p: { task: string }) {
    super('PAYLOADS_EXPIRED', `The payloads of task ${p.task} are no longer kept, so it cannot be replayed.`, {
      status: 410,
      meta: p,
    })
  }
}
