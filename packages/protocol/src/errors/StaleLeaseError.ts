import { W3bError } from './W3bError.ts'

/** A worker writes under a lease that is no longer the newest. */
export class StaleLeaseError extends W3bError {
  override readonly name = 'StaleLeaseError'
  constructor(p: { task: string; token: bigint }) {
    super('STALE_LEASE', `The lease ${p.token} on task ${p.task} is over: another worker holds it, or it ran out.`, {
      status: 409,
      meta: p,
    })
  }
}
