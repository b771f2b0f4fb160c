import type { Append, LogId } from '@w3bstream/core/ports'
import {
  batch,
  expireDue,
  nextTask,
  readLog,
  signed,
  someDevice,
  someLog,
  unsigned,
} from '@w3bstream/core/ports/suites'
import { type MessageId, messageRun, type TaskId, toHex } from '@w3bstream/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { testAws } from '../testing/testAws.ts'
import { type LogWorld, logWorld } from './logWorld.test.fixture.ts'

const KB = 'x'.repeat(1_000)
const by = (at: number) => ({ at, actor: 'x', reason: 'y' })
const LIMIT = { count: 1_000, bytes: 1e7 }

describe('retention', () => {
  const aws = testAws()
  let world: LogWorld
  let log: LogId
  beforeEach(async () => {
    aws.dynamo.proxy.clear()
    aws.fauxqs.proxy.clear()
    world = await logWorld(aws)
    log = someLog()
  })

  /** Packs messages of the log in the order in which they came, so many a task, and ends the tasks. */
  const ended = async (entries: readonly Append[], perTask: number): Promise<TaskId[]> => {
    await world.messages.append(entries)
    await world.writer.write(await world.allRecords())
    const read = await readLog(world.messages, log, entries.length, await world.tasks.cursor(log))
    const made: TaskId[] = []
    for (let at = 0; at < read.length; at += perTask) {
      const task = await nextTask(world.tasks, log, read.slice(at, at + perTask), { at: 1_000 + at })
      expect(await world.tasks.create(task)).toBe(true)
      await world.tasks.advance(task.id, { to: 'failed' }, by(2_000))
      made.push(task.id)
    }
    return made
  }
  const item = async (pk: string) =>
    (await aws.direct.dynamo('GetItem', { TableName: world.options.messagesTable, Key: { pk: { S: pk } } })).Item
  const objectOf = async (pk: string) => {
    const name = (await item(pk))?.o?.B
    if (name === undefined) throw new Error('there is no object')
    return () => aws.direct.s3.get({ bucket: world.options.bucket, key: `batches/${toHex(name).slice(2)}` })
  }
  const run = (entries: readonly Append[]) => `b#${messageRun(entries[0]?.message.id ?? ('' as MessageId)).run}`
  const payloads = async (entries: readonly Append[]) =>
    (await world.messages.getMany(entries.map(({ message }) => message.id))).map(({ payload }) => payload)

  it('takes payloads out of items and deletes the objects of large ones', async () => {
    const entries = [unsigned(log, 'small'), unsigned(log, 'y'.repeat(10_000))]
    await ended(entries, 2)
    const large = await objectOf(`m#${entries[1]?.message.id}`)
    expect(await large()).toHaveLength(10_000)
    expect((await expireDue(world.messages, log, 5_000)).deleted).toBe(2)
    expect(await large()).toBeNull()
    for (const { message } of entries) expect(await item(`m#${message.id}`)).not.toHaveProperty('p')
    expect(await payloads(entries)).toEqual(['', ''])
  })

  it("deletes a batch's object with the last of its tasks, and gives back nothing that is expired before", async () => {
    const entries = batch(log, Array(20).fill(KB))
    const [first] = await ended(entries, 10)
    const object = await objectOf(run(entries))
    const to = { log, blob: entries[0]?.message.payloadHash, bytes: 1, messages: 10, oldestAt: 1, newestAt: 2, at: 3 }
    if (first === undefined || to.blob === undefined) throw new Error('no task')
    expect(await world.messages.expire([first], { ...to, blob: to.blob })).toBe(10)
    expect((await payloads(entries)).map((payload) => payload.length)).toEqual([
      ...Array(10).fill(0),
      ...Array(10).fill(1_000),
    ])
    expect(await object()).toHaveLength(20_000)
    expect((await expireDue(world.messages, log, 5_000)).deleted).toBe(10)
    expect(await object()).toBeNull()
    expect(await payloads(entries)).toEqual(Array(20).fill(''))
  })

  it('wipes expired payloads out of the item of a small batch', async () => {
    const entries = batch(log, ['one', 'two', 'three'])
    await ended(entries, 1)
    const due = await world.messages.expirable(log, 5_000, { count: 1, bytes: 1_000 })
    const to = { log, blob: entries[0]?.message.payloadHash, bytes: 1, messages: 1, oldestAt: 1, newestAt: 2, at: 3 }
    if (to.blob === undefined) throw new Error('no message')
    await world.messages.expire(
      due.map(({ task }) => task),
      { ...to, blob: to.blob },
    )
    expect(Buffer.from((await item(run(entries)))?.p?.B ?? [])).toEqual(Buffer.from('\u0000\u0000\u0000twothree'))
    expect(await payloads(entries)).toEqual(['', 'two', 'three'])
    expect((await expireDue(world.messages, log, 5_000)).deleted).toBe(2)
    expect(await item(run(entries))).not.toHaveProperty('p')
  })

  it('deletes the object of signed messages with the last that needs it', async () => {
    const device = someDevice()
    const entries = Array.from({ length: 10 }, (_, i) => ({
      ...signed(log, device, BigInt(i), `${KB}${i}`),
      batch: true as const,
    }))
    const [one] = entries
    if (one === undefined) throw new Error('no message')
    // One of them came before, with an item of its own.
    await world.messages.append([{ message: one.message, idempotency: null }])
    await ended(entries, 5)
    const object = await objectOf(`m#${entries[9]?.message.id}`)
    expect((await item(`m#${one.message.id}`))?.o).toBeUndefined()
    for (const left of [5, 0]) {
      const [due] = await world.messages.expirable(log, 5_000, { count: 1, bytes: 1 })
      if (due === undefined) throw new Error('nothing is due')
      const to = { log, blob: one.message.payloadHash, bytes: 1, messages: 5, oldestAt: 1, newestAt: 2, at: 3 }
      expect(await world.messages.expire([due.task], to)).toBe(5)
      expect((await payloads(entries)).filter((payload) => payload !== '')).toHaveLength(left)
      if (left === 0) expect(await object()).toBeNull()
      else expect(await object()).not.toBeNull()
    }
  })

  it.each([
    ['UpdateItem', 'x = :'],
    ['UpdateItem', 'expired'],
    ['BatchGetItem', 'm#'],
  ])('finishes a deletion that was cut short at %s of %s, and records one export', async (operation, part) => {
    const entries = [
      ...batch(log, ['a', 'b']),
      ...[1, 2, 3].map((i) => unsigned(log, `${i}`)),
      ...batch(log, Array(9).fill(KB)),
    ]
    const [task] = await ended(entries, entries.length)
    if (task === undefined) throw new Error('no task')
    const object = await objectOf(run(entries.slice(5)))
    const due = await world.messages.expirable(log, 5_000, LIMIT)
    expect(due.map((one) => one.task)).toEqual([task])
    const to = { log, blob: `0x${'11'.repeat(32)}` as never, bytes: 1, messages: 14, oldestAt: 1, newestAt: 2, at: 3 }
    const crash = aws.dynamo.proxy.inject({
      fault: { type: 'error', status: 400, code: 'ValidationException' },
      operation,
      when: ({ input }) => JSON.stringify(input).includes(part),
    })
    await expect(world.messages.expire([task], to)).rejects.toThrow()
    crash.remove()
    await expect(world.tasks.advance(task, { to: 'packed', replay: true }, by(3_000))).rejects.toMatchObject({
      code: 'PAYLOADS_EXPIRED',
    })
    const later = world.newMessages()
    expect(await later.expirable(log, 5_000, LIMIT)).toEqual([])
    expect(await payloads(entries)).toEqual(entries.map(() => ''))
    expect(await object()).toBeNull()
    expect(await later.exports(log.projectId)).toEqual([to])
    expect(await later.expire([task], to)).toBe(0)
    expect(await later.exports(log.projectId)).toEqual([to])
  })

  it('lets two sweeps run at once', async () => {
    const entries = batch(log, Array(30).fill(KB))
    const tasks = await ended(entries, 3)
    const to = { log, blob: `0x${'11'.repeat(32)}` as never, bytes: 1, messages: 30, oldestAt: 1, newestAt: 2, at: 3 }
    const counts = await Promise.all([tasks, [...tasks].reverse()].map((some) => world.newMessages().expire(some, to)))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(30)
    expect(await payloads(entries)).toEqual(Array(30).fill(''))
    expect(await world.messages.expirable(log, 5_000, LIMIT)).toEqual([])
  })

  it('begins behind what is deleted, and finds what comes later', async () => {
    await ended(
      Array.from({ length: 12 }, (_, i) => unsigned(log, `${i}`)),
      1,
    )
    expect((await expireDue(world.messages, log, 5_000)).due).toHaveLength(12)
    expect(await world.messages.expirable(log, 5_000, LIMIT)).toEqual([])
    const { Item } = await aws.direct.dynamo('GetItem', {
      TableName: world.options.stateTable,
      Key: { pk: { S: 'logs' }, sk: { S: `${log.projectId}#${log.version}` } },
    })
    expect(Item?.expired).toEqual({ N: String(await world.tasks.cursor(log)) })
    const later = await ended([unsigned(log, 'later')], 1)
    expect((await world.messages.expirable(log, 5_000, LIMIT)).map(({ task }) => task)).toEqual(later)
  })
})
