import { type Clock, pause, type Telemetry } from '@w3bstream/core'
import type { LeaderLease, Leadership } from '@w3bstream/store-aws'

/** A wish to lead. */
export interface Leading {
  readonly isLeading: () => boolean
  /** Ends the work and steps back. */
  close(): Promise<void>
}

/**
 * Does the work whenever this process leads. The work's signal aborts as soon as the lease is another's, and before it runs out where it could not be
 * renewed: two never lead at once, as far as their clocks agree.
 */
export function whileLeading(
  modules: { readonly lease: LeaderLease; readonly clock: Clock; readonly telemetry: Telemetry },
  leaseMs: number,
  work: (signal: AbortSignal) => Promise<void>,
): Leading {
  const { lease, clock, telemetry } = modules
  const closing = new AbortController()
  let leading = false

  async function lead(first: Leadership): Promise<void> {
    const over = new AbortController()
    const signal = AbortSignal.any([closing.signal, over.signal])
    const working = work(signal)
    let held = first
    // A third of the lease is kept for what does not heed the signal at once.
    let timer = setTimeout(() => over.abort(), leaseMs * LAST_USE)
    leading = true
    try {
      while (!signal.aborted) {
        await pause(leaseMs / 3, signal)
        if (signal.aborted) break
        const asked = clock.now()
        const renewed = await lease.renew(held.token, asked).catch((error: unknown) => {
          telemetry.log('warn', 'the lease could not be renewed', { reason: String(error) })
          return 'unknown' as const
        })
        if (renewed === 'unknown') continue
        if (renewed === null) {
          telemetry.log('info', 'another node leads', {})
          break
        }
        held = renewed
        clearTimeout(timer)
        timer = setTimeout(() => over.abort(), leaseMs * LAST_USE - (clock.now() - asked))
      }
    } finally {
      leading = false
      over.abort()
      clearTimeout(timer)
      await working.catch((error: unknown) => {
        telemetry.log('error', 'the work of the leader ended', { reason: String(error) })
      })
      await lease.release(held.token).catch(() => {
        // It runs out by itself.
      })
    }
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      const got = await lease.acquire(clock.now()).catch((error: unknown) => {
        telemetry.log('warn', 'the lease could not be asked for', { reason: String(error) })
        return null
      })
      if (got !== null) await lead(got)
      else await pause(leaseMs / 3, closing.signal)
    }
  }

  const running = run()
  return {
    isLeading: () => leading,
    async close() {
      closing.abort()
      await running
    },
  }
}

const LAST_USE = 2 / 3
