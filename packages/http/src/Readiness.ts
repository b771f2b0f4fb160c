import type { Clock, Telemetry, W3bstream } from '@w3bstream/core'

/** How long an answer holds: the check asks chains and stores, and anybody may ask for it. */
const FRESH_MS = 1_000

/** What a node still waits for, looked up at most once a second. */
export class Readiness {
  readonly #m: { readonly w3b: Pick<W3bstream, 'notReady'>; readonly clock: Clock; readonly telemetry: Telemetry }
  /** The last answer, and when it was asked for. Never a promise: requests of an edge worker may not share one. */
  #last: { readonly waitingFor: readonly string[]; readonly askedAt: number } | null = null

  constructor(modules: {
    readonly w3b: Pick<W3bstream, 'notReady'>
    readonly clock: Clock
    readonly telemetry: Telemetry
  }) {
    this.#m = modules
  }

  /** Names what is not ready; empty when all is. */
  async waitingFor(): Promise<readonly string[]> {
    const askedAt = this.#m.clock.now()
    const last = this.#last
    if (last !== null) {
      if (Math.abs(askedAt - last.askedAt) < FRESH_MS) return last.waitingFor
      // While one request looks, the others get the last answer.
      this.#last = { ...last, askedAt }
    }
    const waitingFor = await this.#m.w3b.notReady().catch((error: unknown) => {
      this.#m.telemetry.log('warn', 'the check of readiness failed', { error: String(error) })
      return ['the check itself']
    })
    this.#last = { waitingFor, askedAt }
    return waitingFor
  }
}
