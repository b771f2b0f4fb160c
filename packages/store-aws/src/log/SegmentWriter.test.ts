import type { Append, LogId, WaitingLog } from '@w3bstream/core/ports'
import { batch, keyed, nextTask, readLog, signed, someDevice, someLog, unsigned } from '@w3bstream/core/ports/suites'
import type { Message, MessageId } from '@w3bstream/protocol'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Recorder } from '../testing/Recorder.ts'
import type { GivenUpBatch, StreamRecord } from '../testing/streamPump.ts'
import { testAws } from '../testing/testAws.ts'
import { clock, type LogWorld, logWorld } from './logWorld.test.fixture.ts'
import { parseStreamGap } from './readGap.ts'
import { SegmentWriter } from './SegmentWriter.ts'

const KB = `{"temperature":21.5,"text":"${'x'.repeat(994)}"}`
const ALL = { count: 10_000, bytes: 1e9 }

describe('SegmentWriter', () => {
  const aws = testAws()
  let world: LogWorld
  beforeEach(async () => {
    aws.dynamo.proxy.clear()
    world = await logWorld(aws)
  })

  const now = (message: Message): Message => ({ ...message, receivedAt: Date.now() })
  const fresh = (log: LogId, payload: string): Append => {
    const entry = unsigned(log, payload)
    return { ...entry, message: now(entry.message) }
  }
  const some = (log: LogId, count: number) => Array.from({ length: count }, (_, i) => fresh(log, `${i}`))
  const ids = (entries: readonly Append[]) => entries.map(({ message }) => message.id)
  const order = async (log: LogId): Promise<MessageId[]> =>
    (await world.newMessages().read(log, 0, ALL)).map(({ message }) => message.id)
  const shuffled = <T>(values: readonly T[]): T[] =>
    values
      .map((value) => ({ value, at: Math.random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ value }) => value)
  const waitingOf = async (log: LogId): Promise<WaitingLog | undefined> =>
    (await world.newMessages().waiting(10_000)).find((one) => one.log.projectId === log.projectId)

  it('orders messages, batches and older ones of several logs, in the order of the stream', async () => {
    const log = someLog()
    const other = { ...log, version: '0.2' }
    const entries = [
      fresh(log, 'a'),
      ...batch(log, ['b', 'c']),
      signed(log, someDevice(), 1n, 'd'),
      { ...signed(log, someDevice(), 2n, 'e'), idempotency: { principal: 'p', key: 'k' } },
      keyed(other, 'p', 'k:7', 'f'),
    ]
    for (const entry of entries) await world.messages.append([entry])
    const written = await world.writer.write(await world.allRecords())
    expect(written.map(({ log, count }) => [log, count])).toEqual([
      [log, 5],
      [other, 1],
    ])
    expect(await order(log)).toEqual(ids(entries.slice(0, 5)))
    expect(await order(other)).toEqual(ids(entries.slice(5)))
  })

  it('orders each message once, however often and in whatever order it is told', async () => {
    const log = someLog()
    const entries = [
      ...some(log, 20),
      ...batch(
        log,
        Array.from({ length: 10 }, (_, i) => `b${i}`),
      ),
    ]
    const records = await world.records(entries)
    await world.writer.write(records)
    const first = await order(log)
    expect([...first].sort()).toEqual(ids(entries).sort())
    const again = [world.writer, world.newWriter(), world.newWriter()]
    for (const writer of again)
      expect(await writer.write(shuffled([...records, ...records]))).toMatchObject([{ count: 0 }])
    expect(await order(log)).toEqual(first)
  })

  it('orders what comes out of the order of shards, part by part, with repetitions', async () => {
    const log = someLog()
    const entries = some(log, 60)
    const records = await world.records(entries)
    const parts = [records.slice(30), records.slice(10, 40), records.slice(0, 20), records]
    for (const part of parts) await world.newWriter().write(part)
    expect([...(await order(log))].sort()).toEqual(ids(entries).sort())
  })

  it('goes on where a batch was handled in part before its function ended', async () => {
    const log = someLog()
    const entries = some(log, 25)
    const records = await world.records(entries)
    const small = new SegmentWriter({ aws: aws.fetch, clock: { now: Date.now } }, { ...world.options, entries: 10 })
    const crash = aws.dynamo.proxy.inject({
      fault: { type: 'error', status: 400, code: 'ValidationException' },
      operation: 'PutItem',
      when: ({ input }) => JSON.stringify(input).includes('000000000002'),
    })
    await expect(small.write(records)).rejects.toThrow()
    expect(await order(log)).toEqual(ids(entries.slice(0, 10)))
    crash.remove()
    // What the failed call left in memory is as good as what a new process finds.
    for (const writer of [small, world.newWriter()]) await writer.write(records)
    expect(await order(log)).toEqual(ids(entries))
  })

  it('lets several writers race on one log', async () => {
    const log = someLog()
    const entries = some(log, 120)
    const records = await world.records(entries)
    const writers = Array.from({ length: 4 }, () => world.newWriter())
    await Promise.all(
      writers.map(async (writer, n) => {
        // Two have the same shard, as when Lambda takes one for dead that is not.
        const mine = records.filter((_, i) => i % 2 === n % 2)
        for (let at = 0; at < mine.length; at += 7) await writer.write(mine.slice(at, at + 7))
      }),
    )
    const ordered = await order(log)
    expect(ordered).toHaveLength(120)
    expect([...ordered].sort()).toEqual(ids(entries).sort())
  })

  it('shows nothing behind a place that was read, while two shards are written', async () => {
    const log = someLog()
    const entries = some(log, 200)
    const records = await world.records(entries)
    let writing = true
    const shards = [0, 1].map(async (shard) => {
      const writer = world.newWriter()
      const mine = records.filter((_, i) => i % 2 === shard)
      for (let at = 0; at < mine.length; at += 5) await writer.write(mine.slice(at, at + 5))
    })
    const writers = Promise.all(shards).finally(() => {
      writing = false
    })
    const followed: MessageId[] = []
    let after = 0
    const follow = async () => {
      const page = await world.messages.read(log, after, { count: 40, bytes: 1e9 })
      followed.push(...page.map(({ message }) => message.id))
      after = page.at(-1)?.position ?? after
      return page.length
    }
    while (writing) await follow()
    await writers
    while ((await follow()) > 0);
    expect(followed).toEqual(await order(log))
    expect(followed).toHaveLength(200)
  })

  it('packs a message exactly once that is put long after its neighbours were packed', async () => {
    const log = someLog()
    const [late, ...neighbours] = some(log, 9)
    if (late === undefined) throw new Error('no message')
    const slow = aws.dynamo.proxy.inject({
      fault: { type: 'delay', ms: 1_500 },
      operation: 'PutItem',
      when: ({ input }) => JSON.stringify(input).includes(late.message.id),
    })
    const putting = world.messages.append([late])
    await vi.waitFor(() => expect(slow.hits()).toBe(1))
    world.pump((records) => world.writer.write(records))
    await world.messages.append(neighbours)
    const read = await readLog(world.messages, log, 8)
    const first = await nextTask(world.tasks, log, read)
    expect(await world.tasks.create(first)).toBe(true)
    expect(await world.messages.read(log, first.upTo, ALL)).toEqual([])
    expect(await putting).toMatchObject([{ type: 'appended' }])
    const rest = await readLog(world.messages, log, 1, first.upTo)
    expect(rest.map(({ message }) => message)).toEqual([late.message])
    const second = await nextTask(world.tasks, log, rest)
    expect(await world.tasks.create(second)).toBe(true)
    expect([...(await world.tasks.members(first.id)), ...(await world.tasks.members(second.id))].sort()).toEqual(
      ids([late, ...neighbours]).sort(),
    )
    expect(await world.tasks.membership(late.message.id)).toEqual({
      task: second.id,
      messageId: late.message.id,
      index: 0,
    })
    expect(await waitingOf(log)).toBeUndefined()
  })

  it.each(['a new process', 'the same one'])(
    'loses nothing in a crash before the directory is told (%s)',
    async (who) => {
      const log = someLog()
      const entries = some(log, 3)
      const records = await world.records(entries)
      const crash = aws.dynamo.proxy.inject({
        fault: { type: 'error', status: 400, code: 'ValidationException' },
        operation: 'UpdateItem',
        when: ({ input }) => JSON.stringify(input).includes('#end < :end'),
      })
      await expect(world.writer.write(records)).rejects.toThrow()
      crash.remove()
      expect(await order(log)).toEqual(ids(entries))
      expect(await waitingOf(log)).toMatchObject({ count: 3 })
      // The sweep has told the directory: another look needs no search.
      expect(await waitingOf(log)).toMatchObject({ count: 3 })
      const writer = who === 'a new process' ? world.newWriter() : world.writer
      expect(await writer.write(records)).toMatchObject([{ count: 0, isFull: true }])
      expect(await order(log)).toEqual(ids(entries))
    },
  )

  it('tells the directory after a crash when the records come again', async () => {
    const log = someLog()
    const records = await world.records(some(log, 3))
    const crash = aws.dynamo.proxy.inject({
      fault: { type: 'error', status: 400, code: 'ValidationException' },
      operation: 'UpdateItem',
      when: ({ input }) => JSON.stringify(input).includes('#end < :end'),
    })
    await expect(world.writer.write(records)).rejects.toThrow()
    crash.remove()
    expect(await world.newWriter().write(records)).toMatchObject([{ count: 0, isFull: true }])
    const { Item } = await aws.direct.dynamo('GetItem', {
      TableName: world.options.stateTable,
      Key: { pk: { S: 'logs' }, sk: { S: `${log.projectId}#${log.version}` } },
    })
    expect(Item?.end).toEqual({ N: String(1_024 + 3) })
  })

  it('writes a segment once whose answer was lost', async () => {
    const log = someLog()
    const entries = some(log, 3)
    const records = await world.records(entries)
    const lost = aws.dynamo.proxy.inject({
      fault: { type: 'drop', when: 'after' },
      operation: 'PutItem',
      times: 1,
    })
    expect(await world.writer.write(records)).toMatchObject([{ count: 3, isFull: true }])
    expect(lost.hits()).toBe(1)
    expect(await order(log)).toEqual(ids(entries))
  })

  it('gets through throttling, and fails without loss where it does not end', async () => {
    const log = someLog()
    const entries = some(log, 5)
    const records = await world.records(entries)
    const outage = aws.dynamo.proxy.inject({ fault: { type: 'throttle' } })
    await expect(world.writer.write(records)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    outage.remove()
    for (const operation of ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem'])
      aws.dynamo.proxy.inject({ fault: { type: 'throttle' }, operation, times: 2 })
    await world.writer.write(records)
    expect(await order(log)).toEqual(ids(entries))
  })

  it('repairs a range that the stream gave up, from what its failure destination says', async () => {
    const log = someLog()
    const given: GivenUpBatch[] = []
    const broken = world.pump(
      async () => {
        throw new Error('the function is broken')
      },
      {
        attempts: 2,
        batchSize: 10,
        onGiveUp: async (range) => {
          given.push(range)
        },
      },
    )
    const entries = some(log, 25)
    await world.messages.append(entries)
    await broken.drained()
    await broken.stop()
    const later = some(log, 3)
    await world.writer.write(await world.records(later))
    expect(await order(log)).toEqual(ids(later))
    expect(given.reduce((sum, { DDBStreamBatchInfo }) => sum + DDBStreamBatchInfo.batchSize, 0)).toBe(25)
    // Two gaps at a time, and each twice: the queue of gaps gives its messages at least once.
    for (const gap of shuffled([...given, ...given])) await world.writer.repair(parseStreamGap(JSON.stringify(gap)))
    const ordered = await order(log)
    expect(ordered.slice(0, 3)).toEqual(ids(later))
    expect([...ordered].sort()).toEqual(ids([...entries, ...later]).sort())
  })

  it('does not take a gap for closed whose end it has not seen', async () => {
    const log = someLog()
    const given: GivenUpBatch[] = []
    const broken = world.pump(
      async () => {
        throw new Error('the function is broken')
      },
      {
        attempts: 1,
        onGiveUp: async (range) => {
          given.push(range)
        },
      },
    )
    const entries = some(log, 3)
    await world.messages.append(entries)
    await broken.drained()
    await broken.stop()
    for (const range of given) {
      const gap = parseStreamGap(JSON.stringify(range))
      await expect(world.writer.repair({ ...gap, end: `${gap.end}0` })).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      })
    }
    expect([...(await order(log))].sort()).toEqual(ids(entries).sort())
  })

  it('refuses what is no gap', () => {
    const info = { shardId: 's', startSequenceNumber: '1', endSequenceNumber: '2', streamArn: 'a' }
    expect(parseStreamGap(JSON.stringify({ DDBStreamBatchInfo: info }))).toEqual({
      streamArn: 'a',
      shard: 's',
      start: '1',
      end: '2',
    })
    for (const body of [
      '',
      'null',
      '{}',
      ...Object.keys(info).map((name) => JSON.stringify({ DDBStreamBatchInfo: { ...info, [name]: '' } })),
      JSON.stringify({ DDBStreamBatchInfo: { ...info, endSequenceNumber: 'x' } }),
    ])
      expect(() => parseStreamGap(body)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })

  it('says so where the stream no longer has a range', async () => {
    const trimmed = aws.dynamo.proxy.inject({
      fault: { type: 'error', status: 400, code: 'TrimmedDataAccessException' },
      operation: 'GetShardIterator',
    })
    const gap = { streamArn: 'arn:aws:dynamodb:us-east-1:0:table/t/stream/1', shard: 's', start: '1', end: '2' }
    await expect(world.writer.repair(gap)).rejects.toMatchObject({ code: 'STREAM_TRIMMED' })
    trimmed.remove()
  })

  it('puts 2,500 messages into segments of up to 1,000, for at most 2.1 write units a message', {
    timeout: 120_000,
  }, async () => {
    const recorder = new Recorder(aws.fetch)
    const log = someLog()
    const messages = world.newMessages(recorder.aws)
    const writer = world.newWriter(recorder.aws)
    const entries = Array.from({ length: 2_500 }, () => fresh(log, KB))
    for (let at = 0; at < entries.length; at += 50)
      await Promise.all(entries.slice(at, at + 50).map((entry) => messages.append([entry])))
    const records = await world.allRecords()
    expect(records).toHaveLength(2_500)
    // As large as a function of the stream takes them with its window full.
    for (const part of [records.slice(0, 1_000), records.slice(1_000, 2_000), records.slice(2_000)])
      expect(await writer.write(part)).toMatchObject([{ log, count: part.length }])
    const units = recorder.take().reduce((sum, { writeUnits }) => sum + writeUnits, 0) / 2_500
    expect(units).toBeGreaterThan(2)
    expect(units).toBeLessThanOrEqual(2.1)
    const read = await readLog(world.messages, log, 2_500)
    expect(read.map(({ position }) => Math.floor((position - 1) / 1_024))).toEqual(
      Array.from({ length: 2_500 }, (_, i) => 1 + Math.floor(i / 1_000)),
    )
    expect(read.map(({ message }) => message.id).sort()).toEqual(ids(entries).sort())
  })

  it('cuts what comes at once into segments of a thousand', async () => {
    const log = someLog()
    const entries = [0, 1, 2].flatMap((n) =>
      batch(
        log,
        Array.from({ length: 900 }, (_, i) => `${n}.${i}`),
      ),
    )
    for (let at = 0; at < 3; at++) await world.messages.append(entries.slice(900 * at, 900 * (at + 1)))
    await world.writer.write(await world.allRecords())
    const read = await world.messages.read(log, 0, ALL)
    expect(read.map(({ message }) => message.id)).toEqual(ids(entries))
    expect(new Set(read.map(({ position }) => Math.floor((position - 1) / 1_024)))).toEqual(new Set([1, 2, 3]))
    expect(await world.messages.idsBetween(log, read[899]?.position ?? 0, read[2_000]?.position ?? 0)).toEqual(
      ids(entries.slice(900, 2_001)),
    )
  })

  it('says when a log fills a task, once it was told what that takes', async () => {
    const log = someLog()
    const write = async (entries: readonly Append[]) => (await world.writer.write(await world.records(entries)))[0]
    expect(await write(some(log, 1))).toMatchObject({ isFull: true })
    await world.messages.setFull(log, { count: 4, bytes: 100 })
    expect(await write(some(log, 2))).toMatchObject({ isFull: false, waiting: { count: 3, bytes: 3 } })
    expect(await write(some(log, 3))).toMatchObject({ isFull: true, waiting: { count: 4 } })
    const task = await nextTask(world.tasks, log, (await world.messages.read(log, 0, ALL)).slice(0, 5))
    expect(await world.tasks.create(task)).toBe(true)
    expect(await write(some(log, 1))).toMatchObject({ isFull: false, waiting: { count: 2 } })
    expect(await write([fresh(log, 'x'.repeat(200))])).toMatchObject({ isFull: true })
    const before = aws.dynamo.proxy.count('UpdateItem')
    await world.messages.setFull(log, { count: 4, bytes: 100 })
    expect(aws.dynamo.proxy.count('UpdateItem')).toBe(before)
  })

  it('counts what waits without reading it again with each message', async () => {
    const log = someLog()
    const records = await world.records(some(log, 104))
    await world.messages.setFull(log, { count: 103, bytes: 1e9 })
    const writer = new SegmentWriter({ aws: aws.fetch, clock }, { ...world.options, entries: 1 })
    expect(await writer.write(records.slice(0, 100))).toMatchObject([{ isFull: false, waiting: { count: 100 } }])
    const recorder = new Recorder(aws.fetch)
    const warm = new SegmentWriter({ aws: recorder.aws, clock }, { ...world.options, entries: 1 })
    expect(await warm.write(records.slice(100, 101))).toMatchObject([{ isFull: false, waiting: { count: 101 } }])
    recorder.take()
    // Another's segment counts, too.
    await writer.write(records.slice(101, 102))
    expect(await warm.write(records.slice(102, 103))).toMatchObject([{ isFull: true, waiting: { count: 103 } }])
    const units = recorder.take().reduce((sum, { readUnits }) => sum + readUnits, 0)
    expect(units).toBeLessThan(10)
    const all = await world.messages.read(log, 0, ALL)
    const task = await nextTask(world.tasks, log, all.slice(0, 102))
    expect(await world.tasks.create(task)).toBe(true)
    const [last] = records.slice(103)
    expect(await warm.write(last === undefined ? [] : [last])).toMatchObject([
      { isFull: false, waiting: { count: 2, bytes: 6, oldestAt: all[102]?.message.receivedAt } },
    ])
  })

  it('looks at the logs alone that a signal names', async () => {
    const logs = Array.from({ length: 12 }, () => someLog())
    await world.writer.write(await world.records(logs.map((log) => fresh(log, 'a'))))
    const [first] = logs
    if (first === undefined) throw new Error('no log')
    const recorder = new Recorder(aws.fetch)
    const messages = world.newMessages(recorder.aws)
    expect(await messages.waiting(10, [first, first, someLog()])).toMatchObject([{ log: first, count: 1 }])
    const units = recorder.take().reduce((sum, { readUnits }) => sum + readUnits, 0)
    expect(units).toBeLessThan(6)
    expect(await messages.waiting(10)).toHaveLength(12)
  })

  it('finds where a message is, however long ago and whatever its clock said', async () => {
    const log = someLog()
    const time = { at: 1_767_225_600_000 }
    const writer = new SegmentWriter({ aws: aws.fetch, clock: { now: () => time.at } }, world.options)
    const skews = [0, 30_000, -30_000, 900, -59_000, 0, 7_200_000, -7_200_000, 55_000]
    const all = Array.from({ length: 40 }, (_, i): Append => {
      const entry = unsigned(log, `${i}`)
      const receivedAt = time.at + 20_000 * i + (skews[i % skews.length] ?? 0)
      return { ...entry, message: { ...entry.message, receivedAt } }
    })
    for (const record of await world.records(all)) {
      await writer.write([record])
      time.at += 20_000
    }
    const read = await world.messages.read(log, 0, ALL)
    expect(read.map(({ message }) => message.id)).toEqual(ids(all))
    const cold = world.newMessages()
    for (const { message, position } of shuffled(read))
      expect(await cold.positionOf(message.id)).toEqual({ log, position })
    const [waiting] = await world.records([unsigned(log, 'not ordered yet')])
    expect(await cold.positionOf(idOf(waiting))).toBeNull()
    expect(await cold.positionOf(unsigned(log, '').message.id)).toBeNull()
    // Nor is any taken for new, whatever its clock said.
    const again = (await world.allRecords()).slice(0, 40)
    for (const record of shuffled(again)) expect(await world.newWriter().write([record])).toMatchObject([{ count: 0 }])
  })

  it('knows repetitions long after, by looking back to their receipt', async () => {
    const log = someLog()
    const time = { at: Date.now() }
    const writer = new SegmentWriter({ aws: aws.fetch, clock: { now: () => time.at } }, world.options)
    const later = Array.from({ length: 30 }, (_, i): Append => {
      const entry = unsigned(log, `${i}`)
      return { ...entry, message: { ...entry.message, receivedAt: time.at + 60_000 * (i + 1) } }
    })
    const records = await world.records([...some(log, 3), ...later])
    const old = records.slice(0, 3)
    await writer.write(old)
    for (const record of records.slice(3)) {
      time.at += 60_000
      await writer.write([record])
    }
    expect(await writer.write(old)).toMatchObject([{ count: 0 }])
    expect(await world.newWriter().write(old)).toMatchObject([{ count: 0 }])
    expect(await order(log)).toHaveLength(33)
  })

  it('is not stopped by a record of another kind', async () => {
    const log = someLog()
    const records = await world.records([fresh(log, 'a')])
    const changed = records.map((record): StreamRecord => ({ ...record, eventName: 'MODIFY' }))
    expect(await world.writer.write([...changed])).toEqual([])
    expect(await world.writer.write([])).toEqual([])
    expect(await world.writer.write([...changed, ...records])).toMatchObject([{ count: 1 }])
  })
})

function idOf(record: StreamRecord | undefined): MessageId {
  const { pk } = record?.dynamodb.Keys ?? {}
  return String((pk as { S?: string }).S).slice(2) as MessageId
}
