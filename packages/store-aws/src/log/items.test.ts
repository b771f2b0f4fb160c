import { batch, keyed, signed, someDevice, someLog, someMessage, unsigned } from '@w3bstream/core/ports/suites'
import { type Did, didOfKey, messageId, messageRun, platformRandom, toHex } from '@w3bstream/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Item, read } from '../state/attribute.ts'
import { ByteReader } from './ByteReader.ts'
import { ByteWriter } from './ByteWriter.ts'
import { batchEntries, batchItem, batchPayload, isExpired } from './batchItem.ts'
import { logName, parseLogName } from './logName.ts'
import { messageIdOf } from './messageIdOf.ts'
import { envelopeOf, messageItem, payloadOf, payloadSize } from './messageItem.ts'
import { placeOf, positionAt } from './position.ts'
import { endOf, parseSegment, segmentItem } from './segmentItem.ts'
import { idsInShared, writeShared } from './sharedObject.ts'
import { streamEntries } from './streamEntries.ts'

const PAYLOAD = `{"temperature":21.5,"text":"${'x'.repeat(994)}"}`

/**
 * An item's size as DynamoDB counts it: names and texts in UTF-8, bytes as they are, numbers a byte for two digits, one for the rest and one for the sign.
 */
function itemSize(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => {
    const size =
      value.S !== undefined
        ? Buffer.byteLength(value.S)
        : value.B !== undefined
          ? value.B.length
          : Math.ceil((value.N ?? '').length / 2) + 2
    return sum + Buffer.byteLength(name) + size
  }, 0)
}

describe("a message's item", () => {
  const log = { ...someLog(), version: 'weather-station-v1.0' }
  const p256 = didOfKey('p256', Uint8Array.from([2, ...platformRandom(32)]))

  it.each([
    ['unsigned', unsigned(log, PAYLOAD)],
    ['under a key', keyed(log, 'token:0123456789abcdef', 'a key of some length', PAYLOAD)],
    ['signed by secp256k1', signed(log, someDevice(), 2n ** 64n - 1n, PAYLOAD)],
    ['signed by P-256', signed(log, p256, 2n ** 64n - 1n, PAYLOAD)],
  ])('of 1 KB, %s, costs two write units', (_, { message }) => {
    expect(Buffer.byteLength(PAYLOAD)).toBe(1_024)
    expect(itemSize(messageItem(message))).toBeLessThanOrEqual(2_048)
  })

  it('costs one where the payload lies in an object', () => {
    const { message } = signed(log, p256, 2n ** 64n - 1n, PAYLOAD)
    const object = { name: platformRandom(16), offset: 900_000, size: 1_024 }
    expect(itemSize(messageItem(message, object))).toBeLessThanOrEqual(1_024)
  })

  it('gives back what was put into it', () => {
    for (const { message } of [unsigned(log, '\ufeff\u00e9\u0000'), signed(log, someDevice(), 0n, PAYLOAD)]) {
      const { payload, ...envelope } = message
      const item = messageItem(message)
      expect(envelopeOf(item)).toEqual(envelope)
      expect(payloadOf(item)).toEqual({ type: 'here', text: payload })
      expect(payloadSize(item)).toBe(Buffer.byteLength(payload))
      const name = platformRandom(16)
      expect(payloadOf(messageItem(message, { name, offset: 7, size: 9 }))).toEqual({
        type: 'object',
        object: name,
        offset: 7,
      })
    }
  })
})

describe("a batch's item", () => {
  it('gives back every message and where its payload is', () => {
    const log = someLog()
    const text = fc.string({ unit: 'binary', maxLength: 40 })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.nat(10_000), fc.boolean()), { minLength: 1, maxLength: 50 }), (all) => {
        const messages = batch(
          log,
          all.map(([payload]) => payload.toWellFormed()),
        ).map(({ message }, i) => ({
          ...message,
          receivedAt: message.receivedAt + (all[i]?.[1] ?? 0),
          auth: all[i]?.[2] === true ? ('token' as const) : ('none' as const),
        }))
        const members = messages.map((message) => ({ message, size: Buffer.byteLength(message.payload) }))
        const item = batchItem(members, { bytes: Buffer.concat(messages.map(({ payload }) => Buffer.from(payload))) })
        const entries = batchEntries(item)
        expect(entries.map(({ envelope, size }) => ({ envelope, size }))).toEqual(
          messages.map(({ payload, ...envelope }) => ({ envelope, size: Buffer.byteLength(payload) })),
        )
        expect(entries.map((entry, i) => batchPayload(item, entry, i))).toEqual(
          messages.map(({ payload }) => ({ type: 'here', text: payload })),
        )
        const expired = { ...item, x: { B: Uint8Array.of(0b101) } }
        expect(entries.map((_, i) => isExpired(expired, i))).toEqual(entries.map((_, i) => i === 0 || i === 2))
      }),
    )
  })

  it('costs a write unit for 25 messages', () => {
    const messages = batch(
      someLog(),
      Array.from({ length: 100 }, () => PAYLOAD),
    )
    const members = messages.map(({ message }) => ({ message, size: 1_024 }))
    expect(itemSize(batchItem(members, { name: platformRandom(16) }))).toBeLessThanOrEqual(4_096)
  })
})

describe('a segment', () => {
  it('of 1,000 messages costs 0.03 write units a message, and gives back its entries', () => {
    const log = someLog()
    const entries = Array.from({ length: 1_000 }, (_, i) => ({
      id: someMessage(log, '').id,
      size: 1_000 + i,
      receivedAt: 1_767_225_600_000 + 60 * i,
      isBatch: i % 3 === 0,
    }))
    const segment = { number: 77, at: 1_767_225_700_000, entries }
    const item = segmentItem(log, segment)
    expect(itemSize(item)).toBeLessThanOrEqual(30 * 1_024)
    expect(parseSegment(item)).toEqual(segment)
    expect(endOf(segment)).toBe(positionAt(77, 999))
  })

  it('gives positions that grow with segment and index, and are found again', () => {
    const place = fc.tuple(fc.integer({ min: 1, max: 2 ** 40 }), fc.nat(999))
    fc.assert(
      fc.property(place, place, ([s, i], [t, j]) => {
        expect(placeOf(positionAt(s, i))).toEqual({ segment: s, index: i })
        expect(positionAt(s, i)).toBeGreaterThan(0)
        expect(Math.sign(positionAt(s, i) - positionAt(t, j))).toBe(s === t ? Math.sign(i - j) : Math.sign(s - t))
      }),
    )
    expect(placeOf(0)).toEqual({ segment: 0, index: 0 })
  })
})

describe('packed bytes', () => {
  it('give back numbers and bytes', () => {
    const value = fc.oneof(fc.maxSafeNat(), fc.uint8Array({ maxLength: 300 }))
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const writer = new ByteWriter()
        for (const one of values) typeof one === 'number' ? writer.varint(one) : writer.bytes(one)
        const reader = new ByteReader(writer.done())
        for (const one of values)
          if (typeof one === 'number') expect(reader.varint()).toBe(one)
          else expect([...reader.bytes(one.length)]).toEqual([...one])
        expect(reader.isAtEnd).toBe(true)
      }),
    )
  })

  it('refuse what is no number, and to read past their end', () => {
    for (const value of [-1, 0.5, 2 ** 53]) expect(() => new ByteWriter().varint(value)).toThrow(RangeError)
    expect(() => new ByteReader(Uint8Array.of(128)).varint()).toThrow(RangeError)
    expect(() => new ByteReader(Uint8Array.of(1)).bytes(2)).toThrow(RangeError)
    expect(() => new ByteReader(new Uint8Array(20).fill(255)).varint()).toThrow(RangeError)
  })
})

describe('names', () => {
  it('give back ids and logs', () => {
    const { id } = someMessage(someLog(), '')
    expect(messageIdOf(Buffer.from(id.replaceAll('-', ''), 'hex'))).toBe(id)
    for (const log of [someLog(), { ...someLog(), version: '1#2#' }, { ...someLog(), version: '' }])
      expect(parseLogName(logName(log))).toEqual(log)
    const messages = batch(someLog(), ['a', 'bc']).map(({ message }) => ({ id: message.id, bytes: Buffer.from('xy') }))
    expect(idsInShared(writeShared(messages))).toEqual(messages.map((one) => one.id))
    expect(() => idsInShared(Buffer.from('what is it?'))).toThrow(RangeError)
  })
})

describe('a record of the stream', () => {
  const log = someLog()
  const image = (item: Item) =>
    JSON.parse(
      JSON.stringify(item, (_, value) =>
        value instanceof Uint8Array || value?.type === 'Buffer' ? Buffer.from(value).toString('base64') : value,
      ),
    )

  it("is read from Lambda's event and from the stream's own API", () => {
    const single = messageItem(signed(log, 'did:io:0x01' as Did, 1n, 'h\u00e9').message)
    const members = batch(log, ['a', 'bcd']).map(({ message }) => ({ message, size: message.payload.length }))
    const many = batchItem(members, { bytes: Buffer.from('abcd') })
    for (const item of [single, many])
      for (const NewImage of [item, image(item)]) {
        const found = streamEntries({ eventName: 'INSERT', dynamodb: { NewImage } })
        expect(found?.log).toEqual(log)
        if (item === single)
          expect(found?.entries).toEqual([
            { id: messageId(read.text(item, 'pk').slice(2)), size: 3, receivedAt: expect.any(Number), isBatch: false },
          ])
        else
          expect(found?.entries).toEqual(
            members.map(({ message: { id, receivedAt }, size }) => ({ id, size, receivedAt, isBatch: true })),
          )
      }
  })

  it('says nothing where an item was changed, deleted or is a pointer', () => {
    const NewImage = messageItem(unsigned(log, 'a').message)
    for (const eventName of ['MODIFY', 'REMOVE'])
      expect(streamEntries({ eventName, dynamodb: { NewImage } })).toBeNull()
    expect(streamEntries({ eventName: 'INSERT', dynamodb: {} })).toBeNull()
    for (const pk of ['k#1#x', 'l#1#x#y'])
      expect(
        streamEntries({ eventName: 'INSERT', dynamodb: { NewImage: { pk: { S: pk }, i: { S: 'x' } } } }),
      ).toBeNull()
  })

  it('names the run of a batch', () => {
    const [first] = batch(log, ['a', 'b'])
    if (first === undefined) throw new Error('no batch')
    const item = batchItem([{ message: first.message, size: 1 }], { bytes: Buffer.from('a') })
    expect(read.text(item, 'pk')).toBe(`b#${messageRun(first.message.id).run}`)
    expect(toHex(read.bytes(item, 'p'))).toBe('0x61')
  })
})
