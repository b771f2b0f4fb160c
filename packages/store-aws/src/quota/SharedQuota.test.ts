import { quotaSuite } from '@w3bstream/core/ports/suites'
import { beforeAll, describe, expect, it } from 'vitest'
import { type TestDeployment, testAws } from '../testing/index.ts'
import { SharedQuota, type SharedQuotaOptions } from './SharedQuota.ts'

const NOW = 1_767_225_600_000

describe('SharedQuota', () => {
  const aws = testAws()
  let deployment: TestDeployment
  beforeAll(async () => {
    deployment = await aws.make()
  })

  const clock = { time: NOW, now: () => clock.time }
  const fleet = (count: number, options: Partial<SharedQuotaOptions> = {}) => {
    aws.dynamo.proxy.clear()
    clock.time = NOW
    const table = deployment.tables.state
    return Array.from({ length: count }, () => new SharedQuota({ aws: aws.fetch, clock }, { table, ...options }))
  }
  /** Asks every instance in turn, one unit each, until all of them refuse or so many units were granted. @returns units granted */
  const drain = async (
    quotas: readonly SharedQuota[],
    scope: string,
    allotment: { readonly perSecond: number; readonly burst: number },
    limit = Number.POSITIVE_INFINITY,
  ): Promise<number> => {
    let granted = 0
    for (;;) {
      const before = granted
      for (const quota of quotas)
        for (let i = 0; i < 50 && granted < limit; i++) if (quota.take(scope, 1, allotment) === 0) granted++
      await Promise.all(quotas.map((quota) => quota.settle()))
      if (granted === before || granted >= limit) return granted
    }
  }

  describe('of one instance', () => {
    quotaSuite(async (suiteClock) => {
      const { state } = deployment.tables
      return new SharedQuota({ aws: aws.fetch, clock: suiteClock }, { table: state })
    })
  })

  it('keeps a fleet within its allotment and the bound that is promised, over time', async () => {
    const chunk = 20
    const quotas = fleet(6, { chunk })
    const allotment = { perSecond: 10, burst: 1_000 }
    const slack = quotas.length * (2 * chunk + 1)
    let granted = 0
    for (let elapsedS = 0; elapsedS <= 90; elapsedS += 30) {
      clock.time = NOW + 1_000 * elapsedS
      granted += await drain(quotas, 'fleet', allotment)
      const allowed = allotment.burst + allotment.perSecond * elapsedS
      expect(granted).toBeLessThanOrEqual(allowed + slack)
      expect(granted).toBeGreaterThanOrEqual(allowed - slack)
    }
  })

  it('costs one write in some hundred units at most', async () => {
    const quotas = fleet(5)
    const allotment = { perSecond: 1_000, burst: 25_000 }
    expect(await drain(quotas, 'cheap', allotment, 20_000)).toBe(20_000)
    expect(aws.dynamo.proxy.count('UpdateItem')).toBeGreaterThan(0)
    expect(aws.dynamo.proxy.count('UpdateItem')).toBeLessThanOrEqual(20_000 / 256)
    aws.dynamo.proxy.clear()
    const small = { perSecond: 10, burst: 20 }
    let granted = 0
    for (let round = 0; round < 1_000; round++) {
      clock.time += 1_000
      for (let i = 0; i < 10; i++) if (quotas[0]?.take('small', 1, small) === 0) granted++
      if (round % 10 === 0) await quotas[0]?.settle()
    }
    expect(granted).toBeGreaterThan(9_900)
    expect(aws.dynamo.proxy.count('UpdateItem')).toBeLessThanOrEqual(granted / 200)
  })

  it('writes nothing for scopes that few messages touch', async () => {
    const [quota] = fleet(1)
    for (let i = 0; i < 500; i++) quota?.take(`device ${i}`, 3, { perSecond: 1, burst: 10 })
    await quota?.settle()
    expect(aws.dynamo.proxy.count('UpdateItem')).toBe(0)
  })

  it('learns from others what the fleet has spent', async () => {
    const [first, second] = fleet(2, { chunk: 10 })
    const allotment = { perSecond: 1, burst: 100 }
    if (first === undefined || second === undefined) throw new Error('there are two')
    expect(await drain([first], 'learn', allotment)).toBe(100)
    const more = await drain([second], 'learn', allotment)
    expect(more).toBeLessThanOrEqual(20)
    expect(second.take('learn', 1, allotment)).toBeGreaterThan(1)
    // Owed by the fleet: the hundred are full again later than by the second instance's own count.
    clock.time += (more + 5) * 1_000
    expect(await drain([first, second], 'learn', allotment)).toBeLessThanOrEqual(more + 5)
  })

  it('grants two chunks while the table fails, and goes on when it is back', async () => {
    const [quota] = fleet(1, { chunk: 10 })
    if (quota === undefined) throw new Error('there is one')
    const allotment = { perSecond: 100, burst: 1_000 }
    const { proxy } = aws.dynamo
    proxy.inject({ operation: 'UpdateItem', fault: { type: 'throttle' } })
    expect(await drain([quota], 'outage', allotment)).toBe(20)
    expect(quota.take('outage', 1, allotment)).toBe(1_000)
    const asked = proxy.count('UpdateItem')
    for (let i = 0; i < 100; i++) quota.take('outage', 1, allotment)
    await quota.settle()
    expect(proxy.count('UpdateItem')).toBe(asked)
    proxy.clear()
    clock.time += 1_000
    quota.take('outage', 1, allotment)
    await quota.settle()
    expect(quota.take('outage', 1, allotment)).toBe(0)
  })

  it('claims again after a failure, though the clock was set back', async () => {
    const [quota] = fleet(1, { chunk: 10 })
    if (quota === undefined) throw new Error('there is one')
    const allotment = { perSecond: 100, burst: 1_000 }
    clock.time = NOW + 3_600_000
    const failing = aws.dynamo.proxy.inject({ operation: 'UpdateItem', fault: { type: 'throttle' } })
    expect(await drain([quota], 'back', allotment)).toBe(20)
    expect(failing.hits()).toBeGreaterThan(0)
    aws.dynamo.proxy.clear()
    clock.time = NOW
    quota.take('back', 1, allotment)
    await quota.settle()
    expect(quota.take('back', 1, allotment)).toBe(0)
  })

  it('gets less, not more, where an answer was lost', async () => {
    const quotas = fleet(1, { chunk: 10 })
    const allotment = { perSecond: 1, burst: 100 }
    aws.dynamo.proxy.inject({ operation: 'UpdateItem', fault: { type: 'drop', when: 'after' }, times: 1 })
    const granted = await drain(quotas, 'lost', allotment)
    expect(granted).toBeLessThanOrEqual(100)
    expect(granted).toBeGreaterThanOrEqual(80)
  })

  it('keeps up with instances that claim at the same time', async () => {
    const quotas = fleet(8, { chunk: 5 })
    const allotment = { perSecond: 1_000, burst: 10_000 }
    const granted = await Promise.all(quotas.map((quota) => drain([quota], 'race', allotment, 500)))
    expect(granted.reduce((sum, units) => sum + units, 0)).toBe(4_000)
    const { Item } = await aws.direct.dynamo('GetItem', {
      TableName: deployment.tables.state,
      Key: { pk: { S: 'quota#race' }, sk: { S: 'quota' } },
      ConsistentRead: true,
    })
    const claimed = (Number(Item?.f?.N) - NOW) / (1_000 / allotment.perSecond)
    expect(claimed).toBeGreaterThan(4_000 - quotas.length * 10)
    expect(claimed).toBeLessThanOrEqual(4_000)
    expect(Number(Item?.ttl?.N)).toBeGreaterThan(NOW / 1_000)
  })

  it('remembers a bounded number of buckets, those used last', () => {
    const [quota] = fleet(1, { maxBuckets: 3 })
    const allotment = { perSecond: 1, burst: 1 }
    for (const scope of ['a', 'b', 'c', 'd', 'e']) quota?.take(scope, 1, allotment)
    expect(quota?.take('e', 1, allotment)).toBe(1_000)
    expect(quota?.take('a', 1, allotment)).toBe(0)
  })

  it('announces a bounded wait where the rate is zero', () => {
    const [quota] = fleet(1)
    const none = { perSecond: 0, burst: 1 }
    expect(quota?.take('zero', 1, none)).toBe(0)
    expect(quota?.take('zero', 1, none)).toBe(86_400_000)
  })
})
