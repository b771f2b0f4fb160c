import { quotaSuite } from '@w3bstream/core/ports/suites'
import { describe, expect, it } from 'vitest'
import { TokenBucketQuota } from './TokenBucketQuota.ts'

describe('TokenBucketQuota', () => {
  quotaSuite(async (clock) => new TokenBucketQuota(clock))

  it('remembers a bounded number of buckets, those used last', () => {
    const quota = new TokenBucketQuota({ now: () => 0 }, { maxBuckets: 3 })
    const allotment = { perSecond: 1, burst: 1 }
    for (const scope of ['a', 'b', 'c', 'd', 'e']) quota.take(scope, 1, allotment)
    expect(quota.size).toBe(3)
    expect(quota.take('e', 1, allotment)).toBe(1_000)
    expect(quota.take('a', 1, allotment)).toBe(0)
  })

  it('announces a bounded wait where the rate is zero', () => {
    const quota = new TokenBucketQuota({ now: () => 0 })
    const none = { perSecond: 0, burst: 1 }
    expect(quota.take('a', 1, none)).toBe(0)
    expect(quota.take('a', 1, none)).toBe(86_400_000)
  })
})
