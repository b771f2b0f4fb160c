import type { Allotment, Clock, Quota } from '@w3bstream/core/ports'
import type { Aws } from '../calls/Aws.ts'
import { AwsError } from '../calls/AwsError.ts'

/** Longest wait that is announced: also what a rate of zero answers. */
const MAX_WAIT_MS = 86_400_000
/** What is announced while the table is asked, and how long it is left alone after it failed. */
const CLAIM_WAIT_MS = 1_000
/** A claim that others overtake is tried again so often. */
const CLAIM_TRIES = 5
/** An item is deleted so long after its bucket was full again. */
const KEPT_MS = 86_400_000

/** Units that an instance grants before it claims them; a larger allotment's tenth of a burst, if that is more. */
const CHUNK = 256

interface Bucket {
  tokens: number
  at: number
  /** Granted here and not yet claimed. */
  owed: number
  /** When the first of that was granted. */
  owedSince: number
  claiming: boolean
  /** When the table failed last. */
  failedAt: number
  /** Until when the fleet's bucket is owed to, as last seen. */
  fullAt: number
}

export interface SharedQuotaModules {
  readonly aws: Pick<Aws, 'dynamo'>
  readonly clock: Clock
}
export interface SharedQuotaOptions {
  /** The state table. */
  readonly table: string
  /** Units that an instance grants before it claims them. Default: the more of 256 and a tenth of the burst. */
  readonly chunk?: number
  /** Scopes that an instance remembers, those used last. Default 100,000. */
  readonly maxBuckets?: number
}

/**
 * Token buckets that instances share through a table, without a write a message.
 *
 * Each instance keeps a bucket of its own in memory and grants from it at once. When it has granted a chunk, it claims the chunk in the background
 * from the fleet's bucket, an item of the table, and learns what that has left: its own is cut down to it. It grants at most two chunks that it has
 * not claimed (and what one further call asks for), so in any time T all instances together grant at most
 * `burst + perSecond x T + instances x (2 x chunk + the largest call)`, where an instance counts that was started, or forgot the scope, within T.
 * A claim is at most one write a chunk, a second one where instances overtake each other. A claim that was done and not answered is made twice: for
 * that chunk, the fleet gets less than its allotment.
 *
 * While the table fails, an instance grants those two chunks and no more. Await `settle` before the instance may be frozen.
 *
 * The item: pk `quota#<scope>`, sk `quota`, `f` = milliseconds since the epoch at which the fleet's bucket is full again, `ttl` = seconds.
 */
export class SharedQuota implements Quota {
  readonly #aws: Pick<Aws, 'dynamo'>
  readonly #clock: Clock
  readonly #table: string
  readonly #chunk: number | null
  readonly #maxBuckets: number
  readonly #buckets = new Map<string, Bucket>()
  readonly #claims = new Set<Promise<void>>()

  constructor({ aws, clock }: SharedQuotaModules, { table, chunk, maxBuckets = 100_000 }: SharedQuotaOptions) {
    this.#aws = aws
    this.#clock = clock
    this.#table = table
    this.#chunk = chunk ?? null
    this.#maxBuckets = maxBuckets
  }

  /** More units than the burst are granted to a full bucket, which then owes the rest. */
  take(scope: string, units: number, allotment: Allotment): number {
    const { perSecond, burst } = allotment
    const now = this.#clock.now()
    const bucket = this.#bucketOf(scope, burst, now)
    refill(bucket, allotment, now)
    const wanted = Math.min(units, burst)
    if (bucket.tokens < wanted)
      return Math.min(MAX_WAIT_MS, Math.max(1, Math.ceil(((wanted - bucket.tokens) * 1_000) / perSecond)))
    const chunk = this.#chunk ?? Math.max(CHUNK, burst / 10)
    // Where nothing flows back there is nothing to share: the item would never be full again.
    const shared = perSecond > 0
    if (shared && bucket.owed >= 2 * chunk) {
      this.#startClaim(scope, bucket, allotment, now)
      return CLAIM_WAIT_MS
    }
    if (bucket.owed === 0) bucket.owedSince = now
    bucket.tokens -= units
    bucket.owed += units
    if (shared && bucket.owed >= chunk) this.#startClaim(scope, bucket, allotment, now)
    return 0
  }

  /** Resolves when the claims that are on their way are through, or have failed. */
  async settle(): Promise<void> {
    while (this.#claims.size > 0) await Promise.all(this.#claims)
  }

  #bucketOf(scope: string, burst: number, now: number): Bucket {
    const bucket = this.#buckets.get(scope) ?? {
      tokens: burst,
      at: now,
      owed: 0,
      owedSince: now,
      claiming: false,
      failedAt: Number.NEGATIVE_INFINITY,
      fullAt: 0,
    }
    this.#buckets.delete(scope)
    this.#buckets.set(scope, bucket)
    if (this.#buckets.size > this.#maxBuckets)
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest)
        break
      }
    return bucket
  }

  #startClaim(scope: string, bucket: Bucket, allotment: Allotment, now: number): void {
    // A clock that was set back is no reason to wait until it is there again.
    if (bucket.claiming || Math.abs(now - bucket.failedAt) < CLAIM_WAIT_MS) return
    bucket.claiming = true
    const claim = this.#claim(scope, bucket, allotment).finally(() => {
      bucket.claiming = false
      this.#claims.delete(claim)
    })
    this.#claims.add(claim)
  }

  /** Claims what is owed. A failure leaves it owed: the next call claims it again. */
  async #claim(scope: string, bucket: Bucket, allotment: Allotment): Promise<void> {
    const { perSecond, burst } = allotment
    const { owed } = bucket
    const asked = this.#clock.now()
    // Not from a time that a clock, set back since, has yet to reach: the whole fleet would owe until then.
    const since = Math.min(bucket.owedSince, asked)
    try {
      bucket.fullAt = await this.#push(scope, bucket.fullAt, since, (owed * 1_000) / perSecond)
    } catch {
      bucket.failedAt = asked
      return
    }
    bucket.owed -= owed
    bucket.owedSince = asked
    const now = this.#clock.now()
    refill(bucket, allotment, now)
    // As if what was granted meanwhile had been claimed too.
    const fullAt = Math.max(bucket.fullAt, asked) + (bucket.owed * 1_000) / perSecond
    bucket.tokens = Math.min(bucket.tokens, burst - (Math.max(0, fullAt - now) * perSecond) / 1_000)
  }

  /** Moves the time at which the fleet's bucket is full again, by what was granted since a time. @returns the new one */
  async #push(scope: string, guess: number, since: number, costMs: number): Promise<number> {
    let fullAt = guess
    for (let tried = 1; ; tried++) {
      // An expression knows no maximum: one form adds to what is there, the other starts anew.
      const isOwing = fullAt > since
      try {
        const { Attributes } = await this.#aws.dynamo('UpdateItem', {
          TableName: this.#table,
          Key: { pk: { S: `quota#${scope}` }, sk: { S: 'quota' } },
          UpdateExpression: isOwing ? 'SET f = f + :cost, #ttl = :ttl' : 'SET f = :next, #ttl = :ttl',
          ConditionExpression: isOwing ? 'f > :since' : 'attribute_not_exists(f) OR f <= :since',
          ExpressionAttributeNames: { '#ttl': 'ttl' },
          ExpressionAttributeValues: {
            ':since': number(since),
            ':ttl': number(Math.ceil((Math.max(since, fullAt) + costMs + KEPT_MS) / 1_000)),
            ...(isOwing ? { ':cost': number(costMs) } : { ':next': number(since + costMs) }),
          },
          ReturnValues: 'UPDATED_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        })
        return Number(Attributes?.f?.N)
      } catch (error) {
        if (!(error instanceof AwsError) || error.code !== 'ConditionalCheckFailedException' || tried === CLAIM_TRIES)
          throw error
        fullAt = Number(error.item?.f?.N ?? 0)
      }
    }
  }
}

function refill(bucket: Bucket, { perSecond, burst }: Allotment, now: number): void {
  bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) * perSecond) / 1_000)
  bucket.at = now
}

const number = (value: number): { readonly N: string } => ({ N: value.toFixed(3) })
