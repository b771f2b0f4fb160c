import type { Allotment, Clock, Quota } from '@w3bstream/core/ports'
import { BoundedMap } from './BoundedMap.ts'

interface Bucket {
  tokens: number
  at: number
}

/** Longest wait that is announced: also what a rate of zero answers. */
const MAX_WAIT_MS = 86_400_000

/**
 * Token buckets in memory, for one process. Beyond `maxBuckets` the one untouched for longest is forgotten, which is the one that had most
 * time to fill again.
 */
export class TokenBucketQuota implements Quota {
  readonly #clock: Clock
  readonly #buckets: BoundedMap<string, Bucket>

  constructor(clock: Clock, options: { readonly maxBuckets?: number } = {}) {
    this.#clock = clock
    this.#buckets = new BoundedMap(options.maxBuckets ?? 100_000)
  }

  /** Buckets that are remembered. */
  get size(): number {
    return this.#buckets.size
  }

  /** More units than the burst are granted to a full bucket, which then owes the rest. */
  take(scope: string, units: number, { perSecond, burst }: Allotment): number {
    const now = this.#clock.now()
    const known = this.#buckets.get(scope)
    const elapsedMs = known === undefined ? 0 : Math.max(0, now - known.at)
    const tokens = known === undefined ? burst : Math.min(burst, known.tokens + (elapsedMs * perSecond) / 1_000)
    const wanted = Math.min(units, burst)
    const granted = tokens >= wanted
    this.#buckets.set(scope, { tokens: granted ? tokens - units : tokens, at: now })
    if (granted) return 0
    return Math.min(MAX_WAIT_MS, Math.max(1, Math.ceil(((wanted - tokens) * 1_000) / perSecond)))
  }
}
