import { systemClock as clock, pause, type Telemetry } from '@w3bstream/core'
import { LeaderLease, openState } from '@w3bstream/store-aws'
import { testAws } from '@w3bstream/store-aws/testing'
import { expect, it, onTestFinished, vi } from 'vitest'
import { whileLeading } from './whileLeading.ts'

const LEASE_MS = 1_500
const aws = testAws()
const telemetry: Telemetry = {
  count() {},
  observe() {},
  gauge() {},
  log() {},
  span: (_name, _of, run) => run(),
}

/** A process that wants to lead; `at work` between the beginning and the end of its work. */
function contender(table: Awaited<ReturnType<typeof openState>>['table'], holder: string) {
  const lease = new LeaderLease({ table }, { name: 'node', holder, ttlMs: LEASE_MS })
  const seen = { working: false, times: 0 }
  const leading = whileLeading({ lease, clock, telemetry }, LEASE_MS, async (signal) => {
    seen.working = true
    seen.times++
    await pause(60_000, signal)
    seen.working = false
  })
  onTestFinished(() => leading.close())
  return { seen, ...leading }
}

const options = { timeout: 10_000, interval: 10 }

it('lets one work at a time, and another as soon as it steps back', async () => {
  const { tables } = await aws.make()
  const { table } = await openState({ aws: aws.sdk }, { table: tables.state })
  const first = contender(table, 'first')
  await vi.waitUntil(() => first.seen.working, options)
  const second = contender(table, 'second')
  // Longer than the lease: renewing keeps it.
  const until = clock.now() + 2 * LEASE_MS
  await vi.waitUntil(() => clock.now() > until, options)
  expect([first.isLeading(), second.isLeading()]).toEqual([true, false])
  expect(second.seen.times).toBe(0)
  await first.close()
  expect(first.seen.working).toBe(false)
  await vi.waitUntil(() => second.seen.working, options)
})

it('stops before its lease is over when it cannot renew it, and never works beside another', async () => {
  const { tables } = await aws.make()
  const { table } = await openState({ aws: aws.sdk }, { table: tables.state })
  const apart = await openState({ aws: aws.direct }, { table: tables.state })
  const cutOff = contender(table, 'cut off')
  await vi.waitUntil(() => cutOff.seen.working, options)
  aws.dynamo.proxy.inject({ fault: { type: 'drop', when: 'before' } })
  onTestFinished(() => aws.dynamo.proxy.clear())
  const other = contender(apart.table, 'other')
  await vi.waitUntil(() => {
    expect([cutOff.seen.working, other.seen.working]).not.toEqual([true, true])
    return other.seen.working
  }, options)
  expect(cutOff.isLeading()).toBe(false)
})
