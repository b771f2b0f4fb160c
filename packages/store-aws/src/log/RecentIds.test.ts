import type { LogId } from '@w3bstream/core/ports'
import { someLog } from '@w3bstream/core/ports/suites'
import { uuidv7 } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { StateTable } from '../state/StateTable.ts'
import { testAws } from '../testing/testAws.ts'
import { Heads } from './Heads.ts'
import { RecentIds } from './RecentIds.ts'
import { Segments } from './Segments.ts'
import type { Segment } from './segmentItem.ts'

const MINUTE = 60_000
const START = 1_767_225_600_000

describe('RecentIds', () => {
  const aws = testAws()

  /** A log of ten messages a segment that were all received in the hours before, and are ordered now: `everyMs` a segment. */
  const backlog = async (count: number, everyMs: number) => {
    const { tables } = await aws.make()
    const table = new StateTable({ aws: aws.fetch }, { table: tables.state })
    const segments = new Segments({ table })
    const time = { at: START }
    const log: LogId = someLog()
    const known = (keptIds: number) =>
      new RecentIds(
        { segments: new Segments({ table }), heads: new Heads({ table }), clock: { now: () => time.at } },
        log,
        {
          keptIds,
        },
      )
    const all = Array.from({ length: count }, (_, i): Segment => {
      const receivedAt = START - 180 * MINUTE + 1_000 * i
      const entries = Array.from({ length: 10 }, () => ({
        id: uuidv7(receivedAt),
        size: 1,
        receivedAt,
        isBatch: false,
      }))
      return { number: i + 1, at: START + everyMs * i, entries }
    })
    return { segments, log, time, all, known }
  }

  it.each([
    ['in one minute', 100],
    ['in many', 10_000],
  ])('knows a backlog of hours that is ordered %s, with few ids in memory', async (_, everyMs) => {
    const { segments, log, time, all, known } = await backlog(80, everyMs)
    const recent = known(50)
    for (const segment of all) {
      time.at = segment.at
      await recent.load(segment.entries)
      expect(segment.entries.some(({ id }) => recent.has(id))).toBe(false)
      expect(await segments.put(log, segment)).toBe(true)
      recent.add(segment)
      expect(recent.size).toBeLessThanOrEqual(60)
    }
    const before = aws.dynamo.proxy.count('BatchGetItem')
    for (const known of [all.slice(0, 3), all.slice(40, 42), all.slice(-2)]) {
      const entries = known.flatMap((segment) => segment.entries)
      await recent.load(entries)
      expect(entries.every(({ id }) => recent.has(id))).toBe(true)
    }
    // Only segments whose messages were received at the time are read again; those behind the last one are forgotten and read anew.
    expect(aws.dynamo.proxy.count('BatchGetItem') - before).toBeLessThanOrEqual(10)
    const cold = known(50)
    const entries = [...(all[1]?.entries ?? []), ...(all[77]?.entries ?? [])]
    await cold.load(entries)
    expect(entries.every(({ id }) => cold.has(id))).toBe(true)
    expect(cold.size).toBeLessThanOrEqual(60)
  })

  it('knows what others put, however much', async () => {
    const { segments, log, time, all, known } = await backlog(40, 100)
    const recent = known(50)
    const entries = [all[0], all[20], all[39]].flatMap((segment) => segment?.entries ?? [])
    await recent.load(entries)
    expect(entries.some(({ id }) => recent.has(id))).toBe(false)
    for (const segment of all) await segments.put(log, segment)
    time.at += MINUTE
    await recent.follow()
    expect(recent.last.number).toBe(40)
    expect(entries.every(({ id }) => recent.has(id))).toBe(true)
    expect(recent.size).toBeLessThanOrEqual(60)
  })
})
