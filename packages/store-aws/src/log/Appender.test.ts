import type { Append, Appended } from '@w3bstream/core/ports'
import { batch, keyed, legacy, readLog, signed, someDevice, someLog, unsigned } from '@w3bstream/core/ports/suites'
import { toHex } from '@w3bstream/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { fetchAws } from '../calls/fetchAws.ts'
import { Recorder } from '../testing/Recorder.ts'
import { testAws } from '../testing/testAws.ts'
import { type LogWorld, logWorld } from './logWorld.test.fixture.ts'

const KB = `{"temperature":21.5,"text":"${'x'.repeat(994)}"}`
const LARGE = 'x'.repeat(20_000)
const types = (outcomes: readonly Appended[]) => outcomes.map(({ type }) => type)
const many = (count: number, payload = KB) => Array.from({ length: count }, (_, i) => `${payload}${i % 10}`.slice(1))

describe('appending', () => {
  const aws = testAws()
  let world: LogWorld
  let recorder: Recorder
  beforeEach(async () => {
    aws.dynamo.proxy.clear()
    aws.fauxqs.proxy.clear()
    recorder = new Recorder(aws.fetch)
    world = await logWorld(aws, recorder.aws)
    recorder.take()
  })

  /** Calls and the units of their bill. */
  const bill = async (entries: readonly Append[]) => {
    const before = Object.fromEntries(aws.dynamo.proxy.calls)
    const outcomes = await world.messages.append(entries)
    const counted = recorder.take()
    const sum = (of: 'readUnits' | 'writeUnits') => counted.reduce((total, one) => total + one[of], 0)
    const calls = Object.fromEntries(counted.map(({ operation, calls }) => [operation, calls]))
    // What the proxy saw is what was recorded: nothing goes around the recorder.
    for (const [operation, count] of aws.dynamo.proxy.calls)
      expect([operation, count - (before[operation] ?? 0)]).toEqual([operation, calls[operation] ?? 0])
    return { types: types(outcomes), calls, writeUnits: sum('writeUnits'), readUnits: sum('readUnits') }
  }

  describe('one message of 1 KB takes one conditional put, two write units and nothing else', () => {
    const log = someLog()
    it.each([
      ['unsigned', unsigned(log, KB)],
      ['signed', signed(log, someDevice(), 7n, KB)],
      ['under a key', keyed(log, 'token:1', 'reading 7', KB)],
    ])('%s', async (_, entry) => {
      expect(await bill([entry])).toEqual({ types: ['appended'], calls: { PutItem: 1 }, writeUnits: 2, readUnits: 0 })
      if (entry.message.auth !== 'none') expect(await bill([entry])).toMatchObject({ calls: { PutItem: 1 } })
    })

    it('with a key that ends in a number: after one read', async () => {
      for (const i of [1, 2, 3])
        expect(await bill([keyed(log, 'token:1', `station:${i}`, KB)])).toEqual({
          types: ['appended'],
          calls: { GetItem: 1, PutItem: 1 },
          writeUnits: 2,
          readUnits: 1,
        })
    })
  })

  it('an older signed message takes a transaction, for what tells repetitions', async () => {
    const log = someLog()
    expect(await bill([legacy(log, someDevice(), KB)])).toMatchObject({ calls: { TransactWriteItems: 1 } })
  })

  describe('a batch post', () => {
    it.each([undefined, 'key'])('of 100 messages of 1 KB takes one put and one object (key: %s)', async (key) => {
      const log = someLog()
      const { calls, writeUnits } = await bill(batch(log, many(100), key))
      expect(calls).toEqual({ PutItem: 1, put: 1, ...(key === undefined ? {} : { GetItem: 1 }) })
      expect(writeUnits).toBeLessThanOrEqual(4)
    })

    it('takes reads only when it comes again', async () => {
      const all = batch(someLog(), many(100), 'key')
      await world.messages.append(all)
      recorder.take()
      expect(await bill(all)).toEqual({
        types: all.map(() => 'duplicate'),
        calls: { GetItem: 1 },
        writeUnits: 0,
        readUnits: 1,
      })
    })

    it('gives single messages without reading all of its object', async () => {
      const all = batch(someLog(), [...many(98), '', KB])
      await world.messages.append(all)
      recorder.take()
      for (const { message } of [...all.slice(30, 33), ...all.slice(-2)]) {
        expect(await world.messages.get(message.id)).toEqual(message)
        const read = recorder.take().find(({ service }) => service === 's3')
        expect(read?.bytesOut ?? 0).toBe(message.payload.length)
      }
      const some = all.slice(10, 20).map(({ message }) => message)
      expect(await world.messages.getMany(some.map(({ id }) => id))).toEqual(some)
      expect(recorder.take().find(({ service }) => service === 's3')).toMatchObject({ calls: 1, bytesOut: 10_240 })
    })

    it('of little takes no object', async () => {
      expect(await bill(batch(someLog(), many(7, 'x'.repeat(1_000))))).toMatchObject({ calls: { PutItem: 1 } })
    })

    it('of one message is a single one', async () => {
      expect(await bill(batch(someLog(), [KB]))).toMatchObject({ calls: { PutItem: 1 }, writeUnits: 2 })
    })

    it('puts the payloads of eight signed messages or more into one object, and a unit a message', async () => {
      const log = someLog()
      const device = someDevice()
      const all = many(50).map((payload, i) => ({ ...signed(log, device, BigInt(i), payload), batch: true as const }))
      expect(await bill(all)).toEqual({
        types: all.map(() => 'appended'),
        calls: { PutItem: 50, put: 1 },
        writeUnits: 50,
        readUnits: 0,
      })
      expect(await bill(all.slice(0, 7))).toMatchObject({ calls: { PutItem: 7 }, types: Array(7).fill('duplicate') })
      // Nobody needs the object of a post that came again.
      expect(await bill(all)).toMatchObject({ calls: { PutItem: 50, put: 1, delete: 1 } })
      expect(await world.messages.getMany(all.map(({ message }) => message.id))).toEqual(
        all.map(({ message }) => message),
      )
    })

    it('of signed messages knows its own repetitions', async () => {
      const log = someLog()
      const device = someDevice()
      const post = (nonce: number, payload: string) => ({
        ...signed(log, device, BigInt(nonce), payload),
        batch: true as const,
      })
      const all = [...Array.from({ length: 9 }, (_, i) => post(i, `${i}`)), post(3, '3'), post(4, 'other')]
      const outcomes = types(await world.messages.append(all))
      expect(outcomes).toEqual([...Array(9).fill('appended'), 'duplicate', 'conflict'])
    })

    it('of signed messages tells an empty payload from its neighbour in the object', async () => {
      const log = someLog()
      const device = someDevice()
      const post = (nonce: number, payload: string) => ({
        ...signed(log, device, BigInt(nonce), payload),
        batch: true as const,
      })
      const all = [post(0, ''), post(0, 'other'), post(0, ''), ...Array.from({ length: 8 }, (_, i) => post(i + 1, '1'))]
      expect(types(await world.messages.append(all))).toEqual([
        'appended',
        'conflict',
        'duplicate',
        ...Array(8).fill('appended'),
      ])
      const [empty] = all.map(({ message }) => message)
      expect(await world.messages.getMany(empty === undefined ? [] : [empty.id])).toEqual([empty])
    })

    it('is one item for each version of the project', async () => {
      const log = someLog()
      const all = [...batch(log, many(20)), ...batch({ ...log, version: '0.2' }, many(20))]
      expect(await bill(all)).toMatchObject({ calls: { PutItem: 2, put: 2 } })
    })
  })

  it('keeps a large payload in an object that a refused repetition does not take away', async () => {
    const log = someLog()
    const device = someDevice()
    const first = signed(log, device, 1n, LARGE)
    expect(await bill([first])).toMatchObject({ calls: { put: 1, PutItem: 1 }, writeUnits: 1 })
    expect(await bill([signed(log, device, 1n, LARGE)])).toMatchObject({ types: ['duplicate'], calls: { delete: 1 } })
    expect(await bill([signed(log, device, 1n, `${LARGE}y`)])).toMatchObject({ types: ['conflict'] })
    expect((await world.messages.get(first.message.id))?.payload).toBe(LARGE)
  })

  describe('when calls go wrong', () => {
    const LOST = { type: 'drop', when: 'after' } as const
    const proxy = () => aws.dynamo.proxy

    it.each([
      ['unsigned', (log: ReturnType<typeof someLog>) => [unsigned(log, KB)], 'PutItem'],
      ['signed', (log) => [signed(log, someDevice(), 1n, KB)], 'PutItem'],
      ['signed and large', (log) => [signed(log, someDevice(), 1n, LARGE)], 'PutItem'],
      ['keyed', (log) => [keyed(log, 'p', 'k', KB)], 'PutItem'],
      ['numbered', (log) => [keyed(log, 'p', 'k:1', KB)], 'PutItem'],
      ['a batch', (log) => batch(log, many(3)), 'PutItem'],
      ['a large batch', (log) => batch(log, many(30)), 'PutItem'],
      ['a keyed batch', (log) => batch(log, many(30), 'k'), 'PutItem'],
      ['older', (log) => [{ ...legacy(log, someDevice(), KB), unique: 'legacy' as const }], 'TransactWriteItems'],
      [
        'signed under a key',
        (log) => [{ ...signed(log, someDevice(), 1n, KB), idempotency: { principal: 'd', key: 'k' } }],
        'TransactWriteItems',
      ],
    ] satisfies [string, (log: ReturnType<typeof someLog>) => Append[], string][])(
      'accepts a message once whose answer was lost: %s',
      async (_, make, operation) => {
        const log = someLog()
        const entries = make(log)
        const lost = proxy().inject({ fault: LOST, operation, times: 1 })
        const outcomes = await world.messages.append(entries)
        expect(lost.hits()).toBe(1)
        expect(types(outcomes)).not.toContain('conflict')
        expect(outcomes.map(({ id }) => id)).toEqual(entries.map(({ message }) => message.id))
        world.pump((records) => world.writer.write(records))
        const read = await readLog(world.messages, log, entries.length)
        expect(read.map(({ message }) => message)).toEqual(entries.map(({ message }) => message))
      },
    )

    it('says that what was new is new, though the answer was lost', async () => {
      const log = someLog()
      for (const entries of [[unsigned(log, KB)], batch(log, many(3)), batch(log, many(30))]) {
        proxy().inject({ fault: LOST, operation: 'PutItem', times: 1 })
        expect(types(await world.messages.append(entries))).toEqual(entries.map(() => 'appended'))
      }
    })

    it('waits while DynamoDB throttles and S3 is slow', async () => {
      const log = someLog()
      proxy().inject({ fault: { type: 'throttle' }, operation: 'PutItem', times: 3 })
      aws.fauxqs.proxy.inject({ fault: { type: 'throttle' }, operation: 'PutObject', times: 2 })
      expect(types(await world.messages.append([unsigned(log, KB)]))).toEqual(['appended'])
      expect(types(await world.messages.append(batch(log, many(30))))).toEqual(Array(30).fill('appended'))
    })

    it('accepts a message whose call was not answered in time', async () => {
      const log = someLog()
      const hang = proxy().inject({ fault: { type: 'hang' }, operation: 'PutItem', times: 1 })
      const impatient = world.newMessages(fetchAws({ ...aws.options, timeoutMs: 150 }))
      expect(types(await impatient.append([unsigned(log, KB)]))).toEqual(['appended'])
      expect(hang.hits()).toBe(1)
    })

    it.each([
      { type: 'throttle' },
      { type: 'error', status: 400, code: 'AccessDeniedException' },
      { type: 'drop', when: 'before' },
    ] as const)('says that the store is away while it is: %j', async (fault) => {
      const log = someLog()
      const outage = proxy().inject({ fault })
      const entries = [unsigned(log, KB), signed(log, someDevice(), 1n, KB)]
      for (const some of [entries.slice(0, 1), entries])
        await expect(world.messages.append(some)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      await expect(world.messages.get(entries[0]?.message.id ?? unsigned(log, '').message.id)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      })
      outage.remove()
      expect(types(await world.messages.append(entries))).toEqual(['appended', 'appended'])
    })

    it('accepts nothing of a batch whose object cannot be stored, and all of it later', async () => {
      const log = someLog()
      const all = batch(log, many(30), 'k')
      const outage = aws.fauxqs.proxy.inject({ fault: { type: 'error' }, operation: 'PutObject' })
      await expect(world.messages.append(all)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      expect(await world.messages.getMany(all.map(({ message }) => message.id))).toEqual([])
      outage.remove()
      expect(types(await world.messages.append(all))).toEqual(all.map(() => 'appended'))
    })

    it('answers a repetition also where the object that it brought cannot be deleted', async () => {
      const log = someLog()
      const first = signed(log, someDevice(), 1n, LARGE)
      await world.messages.append([first])
      const refused = aws.fauxqs.proxy.inject({
        fault: { type: 'error', status: 403, code: 'AccessDenied' },
        operation: 'DeleteObject',
      })
      expect(types(await world.messages.append([first]))).toEqual(['duplicate'])
      expect(refused.hits()).toBe(1)
    })

    it('reads on where DynamoDB leaves keys unprocessed, and gives up where it never ends', async () => {
      const log = someLog()
      const all = Array.from({ length: 120 }, (_, i) => unsigned(log, `${i}`))
      await world.messages.append(all)
      const some = proxy().inject({ fault: { type: 'unprocessed', keep: 30 }, operation: 'BatchGetItem', times: 4 })
      const ids = all.map(({ message }) => message.id)
      expect(await world.messages.getMany(ids)).toEqual(all.map(({ message }) => message))
      expect(some.hits()).toBe(4)
      proxy().inject({ fault: { type: 'unprocessed', keep: 0 }, operation: 'BatchGetItem' })
      await expect(world.messages.getMany(ids.slice(0, 2))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    })

    it('notices a payload that was changed or lost behind its back', async () => {
      const { message } = unsigned(someLog(), LARGE)
      await world.messages.append([{ message, idempotency: null }])
      const { Item } = await aws.direct.dynamo('GetItem', {
        TableName: world.options.messagesTable,
        Key: { pk: { S: `m#${message.id}` } },
      })
      const key = `batches/${toHex(Item?.o?.B ?? new Uint8Array()).slice(2)}`
      const body = Buffer.from(LARGE.replace('x', 'y'))
      const sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', body)).toString('base64')
      const { bucket } = world.options
      await aws.direct.s3.put({ bucket, key, body, sha256 })
      await expect(world.messages.get(message.id)).rejects.toMatchObject({ code: 'CORRUPT_BLOB' })
      await aws.direct.s3.delete({ bucket, key })
      await expect(world.messages.get(message.id)).rejects.toMatchObject({ code: 'CORRUPT_BLOB' })
      expect(await world.messages.envelopes([message.id])).toHaveLength(1)
    })
  })

  it('settles many racing posts under one key, single and in batches', async () => {
    const log = someLog()
    const posts = Array.from({ length: 12 }, (_, n) =>
      n % 3 === 0 ? [keyed(log, 'p', `k:${n % 5}`, `${n % 5}`)] : batch(log, ['0', '1', '2', '3', '4'], 'k'),
    )
    const outcomes = (await Promise.all(posts.map((post) => world.messages.append(post)))).flat()
    expect(types(outcomes).filter((type) => type === 'appended')).toHaveLength(5)
    expect(types(outcomes)).not.toContain('conflict')
    world.pump((records) => world.writer.write(records))
    expect(await readLog(world.messages, log, 5)).toHaveLength(5)
  })
})
