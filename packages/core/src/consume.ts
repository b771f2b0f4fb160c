import { pause } from './pause.ts'
import type { Queue } from './ports/Queue.ts'
import type { Telemetry } from './ports/Telemetry.ts'

/** What to do with a hint after it was handled. */
export type Handled =
  | { readonly type: 'done' }
  | { readonly type: 'retry'; readonly afterMs: number }
  | { readonly type: 'failed'; readonly reason: string }

export interface ConsumeOptions {
  readonly queue: Queue
  /** Hints handled at once. */
  readonly concurrency: number
  /** Hints given to one call of `handle`. */
  readonly batch: number
  readonly visibilityMs: number
  readonly telemetry: Telemetry
  /**
   * Hints that were received so often are dropped rather than given back, for the reconciler to send again: where the queue itself takes hints that
   * come back often for poisoned. Absent: never.
   */
  readonly maxReceives?: number
  /** How long what is in hand may go on when it stops, before it is told to. Default 0. */
  readonly drainMs?: number
  /** @param signal aborts when it has to give the hints back @returns one outcome a body */
  readonly handle: (bodies: readonly string[], signal: AbortSignal) => Promise<ReadonlyMap<string, Handled>>
}

/**
 * Takes hints from a queue and handles them until stopped; extends their visibility while they are worked on.
 * A handler that throws gives its hints back: they are tried again after a while.
 * @returns stops: takes no more, waits for what is in hand, tells it to end after `drainMs`
 */
export function consume(o: ConsumeOptions): () => Promise<void> {
  const closing = new AbortController()
  const stop = new AbortController()
  const running = new Set<Promise<void>>()
  const loop = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      if (running.size >= o.concurrency) {
        await Promise.race(running)
        continue
      }
      const free = (o.concurrency - running.size) * o.batch
      const deliveries = await o.queue
        .receive({ max: free, visibilityMs: o.visibilityMs, waitMs: 20_000, signal: closing.signal })
        .catch((error: unknown) => {
          o.telemetry.log('warn', 'a queue cannot be read', { reason: String(error) })
          return pause(1_000, closing.signal).then(() => [])
        })
      for (let at = 0; at < deliveries.length; at += o.batch) {
        const work = handle(o, deliveries.slice(at, at + o.batch), stop.signal).finally(() => running.delete(work))
        running.add(work)
      }
    }
    await Promise.all(running)
  }
  const looping = loop()
  return async () => {
    closing.abort()
    const { drainMs = 0 } = o
    if (drainMs === 0) stop.abort()
    const timer = setTimeout(() => stop.abort(), drainMs)
    await looping
    clearTimeout(timer)
  }
}

async function handle(
  o: ConsumeOptions,
  deliveries: readonly { readonly body: string; readonly handle: string; readonly receiveCount: number }[],
  signal: AbortSignal,
): Promise<void> {
  const timer = setInterval(() => {
    for (const delivery of deliveries)
      o.queue.extend(delivery.handle, o.visibilityMs).catch((error: unknown) => {
        // The hint may be received twice then: the lease on its task keeps the work single.
        o.telemetry.log('debug', 'a hint could not be extended', { reason: String(error) })
      })
  }, o.visibilityMs / 3)
  try {
    const outcomes = await o.handle(
      deliveries.map((delivery) => delivery.body),
      signal,
    )
    await Promise.all(
      deliveries.map((delivery) => {
        const outcome = outcomes.get(delivery.body) ?? { type: 'done' }
        switch (outcome.type) {
          case 'done':
            return o.queue.ack(delivery.handle)
          case 'retry':
            return delivery.receiveCount < (o.maxReceives ?? Number.POSITIVE_INFINITY)
              ? o.queue.retry(delivery.handle, outcome.afterMs)
              : o.queue.ack(delivery.handle)
          case 'failed':
            return o.queue.bury(delivery.handle, outcome.reason)
          default:
            return outcome satisfies never
        }
      }),
    )
  } catch (error) {
    o.telemetry.log('error', 'a step broke off', { reason: String(error) })
    await Promise.allSettled(
      deliveries.map((delivery) => o.queue.retry(delivery.handle, Math.min(60_000, 500 * 2 ** delivery.receiveCount))),
    )
  } finally {
    clearInterval(timer)
  }
}
