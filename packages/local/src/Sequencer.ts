import {
  assignTask,
  followSettlements,
  isDue,
  type PackPorts,
  packTask,
  type ReconcileLimits,
  type ReconcilePorts,
  reconcile,
  type WaitingLog,
} from '@w3bstream/core'
import { W3bError } from '@w3bstream/protocol'
import { Bell } from './Bell.ts'
import { pause } from './consume.ts'

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
  readonly #ports: PackPorts & ReconcilePorts
  readonly #options: SequencerOptions
  readonly #stop = new AbortController()
  readonly #packBell = new Bell()
  readonly #followBell = new Bell()
  readonly #loops: Promise<void>[]

  constructor(ports: PackPorts & ReconcilePorts, options: SequencerOptions) {
    this.#ports = ports
    this.#options = options
    this.#loops = [this.#packLoop(), this.#sweepLoop(), this.#followLoop()]
  }

  /** Messages were accepted: look at the logs now. */
  readonly wake = (): void => this.#packBell.ring()

  /** Something was sent to a chain: look at receipts now. */
  readonly follow = (): void => this.#followBell.ring()

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#loops)
  }

  async #packLoop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const started = performance.now()
      await this.#guard('packing failed', async () => {
        const waiting = await this.#ports.messages.waiting(100_000)
        await Promise.all(waiting.map((log) => this.#guard('packing failed', () => this.#packAll(log))))
      })
      // Under load, looking at the logs takes at most half of the time.
      await pause(performance.now() - started, this.#stop.signal)
      await this.#packBell.wait(this.#options.everyMs, this.#stop.signal)
    }
  }

  async #packAll(waiting: WaitingLog): Promise<void> {
    const { version } = await this.#ports.projects.version(waiting.log.projectId, waiting.log.version)
    if (!isDue(version, waiting, this.#ports.clock.now())) return
    const assigning = new Set<Promise<void>>()
    while (!this.#stop.signal.aborted) {
      const id = await packTask(this.#ports, waiting.log)
      if (id === null) break
      const assigned = this.#guard('assigning failed', async () => {
        const record = await this.#ports.tasks.get(id)
        if (record?.state === 'packed') await assignTask(this.#ports, record, this.#options.limits.proveTimeoutMs)
      }).finally(() => assigning.delete(assigned))
      assigning.add(assigned)
      if (assigning.size >= 64) await Promise.race(assigning)
    }
    await Promise.all(assigning)
  }

  async #sweepLoop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#guard('the sweep failed', () => reconcile(this.#ports, this.#options.limits))
      await pause(this.#options.everyMs, this.#stop.signal)
    }
  }

  async #followLoop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      let again: number | null = null
      await this.#guard('following transactions failed', async () => {
        const { tasks, clock } = this.#ports
        const [submitted] = await tasks.stale('submitted', clock.now(), 1)
        const [settled] = await tasks.stale('settled', clock.now(), 1)
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
