import { type Handled, type ProveOutcome, pause, type Queue } from '@w3bstream/core'

/** Longer than two samples of a queue's metrics, a minute each: what waits is seen to wait. */
const REST_MS = 150_000

/**
 * Takes a prover's hints, as many as it has places for. One for which the machine turns out to have none goes back as a new one, whose deliveries count
 * anew; then no more are taken for a while, or until something in hand ends: what waits is to wait in the queue, where idle provers find it, and where it
 * shows that there are too few of them.
 */
export class Intake {
  readonly #queue: Queue
  readonly #restMs: number
  #inHand = 0
  #rest: AbortController | null = null
  #poll = new AbortController()

  constructor(modules: { readonly queue: Queue }, options: { readonly restMs?: number } = {}) {
    this.#queue = modules.queue
    this.#restMs = options.restMs ?? REST_MS
  }

  /** The queue, which gives no hints while no more are to be taken. */
  get queue(): Queue {
    const queue = this.#queue
    return {
      receive: async (p) => {
        const stop = p.signal ?? never
        // Nothing comes between the last look and the poll.
        while (this.#rest !== null && !stop.aborted) await this.#sit(this.#rest, stop)
        this.#poll = new AbortController()
        return queue.receive({ ...p, signal: AbortSignal.any([stop, this.#poll.signal]) })
      },
      send: (body, options) => queue.send(body, options),
      ack: (handle) => queue.ack(handle),
      extend: (handle, visibilityMs) => queue.extend(handle, visibilityMs),
      retry: (handle, delayMs) => queue.retry(handle, delayMs),
      bury: (handle, reason) => queue.bury(handle, reason),
      deadLetters: (limit) => queue.deadLetters(limit),
      redrive: (id) => queue.redrive(id),
      depth: () => queue.depth(),
    }
  }

  /** @returns what becomes of the hint */
  async handle(body: string, prove: () => Promise<ProveOutcome>): Promise<Handled> {
    this.#inHand += 1
    let isFull = false
    try {
      const outcome = await prove()
      if (outcome.type !== 'retry' || outcome.isFull !== true) return outcome
      isFull = true
      this.#rest ??= new AbortController()
      this.#poll.abort()
      await this.#queue.send(body, { delayMs: outcome.afterMs })
      return { type: 'done' }
    } finally {
      this.#inHand -= 1
      if (!isFull || this.#inHand === 0) this.#wake()
    }
  }

  async #sit(rest: AbortController, stop: AbortSignal): Promise<void> {
    await pause(this.#restMs, AbortSignal.any([stop, rest.signal]))
    if (this.#rest === rest) this.#rest = null
  }

  #wake(): void {
    this.#rest?.abort()
    this.#rest = null
  }
}

const never = new AbortController().signal
