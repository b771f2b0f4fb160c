import {
  type ExpirePorts,
  expireMessages,
  followSettlements,
  type PackPorts,
  packLog,
  pause,
  type ReconcileLimits,
  type ReconcilePorts,
  reconcile,
  type WaitingLog,
} from '@w3bstream/core'
import { W3bError } from '@w3bstream/protocol'
import { Bell } from './Bell.ts'

/** How often retention is looked at while nothing is due. */
const EXPIRE_EVERY_MS = 3_600_000
/** Small enough that deleting one export's payloads holds nobody up. */
const EXPIRE_LIMITS = { count: 1_000, bytes: 8 * 2 ** 20, batches: 4 } as const

export interface SequencerOptions {
  readonly limits: ReconcileLimits
  /** How often logs are looked at for messages that grew old, and stored steps for lost hints. */
  readonly everyMs: number
  /** How often transactions are looked at while some are not mined. */
  readonly followMs: number
  /** How often they are looked at while some are mined and not final. */
  readonly settledMs: number
}

/** Packs whenever messages were accepted, sweeps at an interval, and follows transactions while some are under way. */
export class Sequencer {
  readonly #ports: PackPorts & ReconcilePorts & ExpirePorts
  readonly #options: SequencerOptions
  readonly #stop = new AbortController()
  readonly #packBell = new Bell()
  readonly #followBell = new Bell()
  readonly #loops: Promise<void>[]
  readonly #expiring: Promise<void>
  /** Logs that are being packed. */
  readonly #packing = new Map<string, Promise<void>>()
  /** Logs that got messages meanwhile. */
  readonly #passedOver = new Set<string>()
  /** Logs that failed: how long they are left alone, and until when. */
  readonly #resting = new Map<string, { readonly ms: number; readonly until: number }>()

  constructor(ports: PackPorts & ReconcilePorts & ExpirePorts, options: SequencerOptions) {
    this.#ports = ports
    this.#options = options
    this.#loops = [this.#packLoop(), this.#sweepLoop(), this.#followLoop()]
    this.#expiring = this.#expireLoop()
  }

  /** Messages were accepted: look at the logs now. */
  readonly wake = (): void => this.#packBell.ring()

  /** Something was sent to a chain: look at receipts now. */
  readonly follow = (): void => this.#followBell.ring()

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#loops)
    // What waits for a project file holds nothing that a restart would not find again.
    const waiting = Promise.all([...this.#packing.values(), this.#expiring])
    await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 2_000).unref())])
  }

  async #packLoop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const started = performance.now()
      await this.#guard('packing failed', async () => {
        for (const waiting of await this.#ports.messages.waiting(100_000)) this.#pack(waiting)
      })
      // Under load, looking at the logs takes at most a tenth of the time.
      await pause(9 * (performance.now() - started), this.#stop.signal)
      await this.#packBell.wait(this.#options.everyMs, this.#stop.signal)
    }
  }

  /** Each log on its own: one whose project file is slow to come must not hold the others. */
  #pack(waiting: WaitingLog): void {
    const { projectId, version } = waiting.log
    const key = `${projectId} ${version}`
    if (this.#packing.has(key)) {
      this.#passedOver.add(key)
      return
    }
    const rest = this.#resting.get(key)
    if (rest !== undefined && rest.until > this.#ports.clock.now()) return
    const { proveTimeoutMs } = this.#options.limits
    const packed = packLog(this.#ports, waiting, proveTimeoutMs, this.#stop.signal)
      .then(
        () => void this.#resting.delete(key),
        (error: unknown) => {
          const ms = Math.min(60_000, 2 * (rest?.ms ?? 500))
          this.#resting.set(key, { ms, until: this.#ports.clock.now() + ms })
          const reason = error instanceof W3bError ? error.message : String(error)
          const level = error instanceof W3bError ? 'warn' : 'error'
          this.#ports.telemetry.log(level, 'packing failed', { project: String(projectId), version, reason })
        },
      )
      .finally(() => {
        this.#packing.delete(key)
        if (this.#passedOver.delete(key)) this.#packBell.ring()
      })
    this.#packing.set(key, packed)
  }

  async #sweepLoop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#guard('the sweep failed', () => reconcile(this.#ports, this.#options.limits))
      await pause(this.#options.everyMs, this.#stop.signal)
    }
  }

  /** Apart from the sweep, since a project file that is slow to come would hold it. */
  async #expireLoop(): Promise<void> {
    const { signal } = this.#stop
    let next = 0
    while (!signal.aborted) {
      const now = this.#ports.clock.now()
      if (now >= next) {
        next = now + EXPIRE_EVERY_MS
        await this.#guard('retention failed', async () => {
          if ((await expireMessages(this.#ports, EXPIRE_LIMITS, signal)) > 0) next = now
        })
      }
      await pause(this.#options.everyMs, signal)
    }
  }

  async #followLoop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      let again: number | null = null
      await this.#guard('following transactions failed', async () => {
        const { tasks, clock } = this.#ports
        const [submitted] = (await tasks.stale('submitted', clock.now(), 1, null)).tasks
        const [settled] = (await tasks.stale('settled', clock.now(), 1, null)).tasks
        // What is mined already waits for blocks, not for moments.
        if (submitted !== undefined) again = this.#options.followMs
        else if (settled !== undefined) again = this.#options.settledMs
        if (again !== null) await followSettlements(this.#ports, this.#options.limits.batch)
      })
      if (again !== null) await pause(again, this.#stop.signal)
      else await this.#followBell.wait(this.#options.everyMs, this.#stop.signal)
    }
  }

  /** A loop outlives what one round meets. */
  async #guard(what: string, step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      const reason = error instanceof W3bError ? error.message : String(error)
      this.#ports.telemetry.log(error instanceof W3bError && error.retryable ? 'warn' : 'error', what, { reason })
    }
  }
}
