import {
  type Envelope,
  fromHex,
  type Hash,
  hash,
  type Message,
  type MessageId,
  messageId,
  messageIdInRun,
  messageRun,
  toHex,
} from '@w3bstream/protocol'
import { type Item, read } from '../state/attribute.ts'
import { ByteReader } from './ByteReader.ts'
import { ByteWriter } from './ByteWriter.ts'
import { logName, parseLogName } from './logName.ts'
import type { ObjectName, Payload } from './Payload.ts'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** A message of a batch as its item tells it. */
export interface BatchEntry {
  readonly envelope: Envelope
  readonly size: number
  /** Where its payload begins in the batch's payloads, which follow one another. */
  readonly offset: number
}

export const batchKey = (run: MessageId): string => `b#${run}`

/** What a batch's envelopes are read from. */
export const BATCH_ENVELOPE_ATTRIBUTES = ['pk', 'l', 'e', 'x'] as const

/**
 * Messages of one run and one log, without devices, in one item.
 * @param payloads in the messages' order, joined; the name of the object that has them, or themselves
 */
export function batchItem(
  messages: readonly { readonly message: Message; readonly size: number }[],
  payloads: { readonly name: ObjectName } | { readonly bytes: Uint8Array },
): Item {
  const [first] = messages
  if (first === undefined) throw new RangeError('a batch has messages')
  const start = Math.min(...messages.map(({ message }) => message.receivedAt))
  const packed = new ByteWriter().varint(start)
  for (const { message, size } of messages)
    packed
      .varint(messageRun(message.id).index)
      .varint(2 * size + (message.auth === 'token' ? 1 : 0))
      .varint(message.receivedAt - start)
      .bytes(fromHex(message.payloadHash))
  return {
    pk: { S: batchKey(messageRun(first.message.id).run) },
    l: { S: logName(first.message) },
    e: { B: packed.done() },
    ...('name' in payloads ? { o: { B: payloads.name } } : { p: { B: payloads.bytes } }),
  }
}

/** @throws {TypeError} */
export function batchEntries(image: Item): BatchEntry[] {
  const run = messageId(read.text(image, 'pk').slice(2))
  const log = parseLogName(read.text(image, 'l'))
  const packed = new ByteReader(read.bytes(image, 'e'))
  const start = packed.varint()
  const entries: BatchEntry[] = []
  let offset = 0
  while (!packed.isAtEnd) {
    const id = messageIdInRun(run, packed.varint())
    const sizeAndAuth = packed.varint()
    const receivedAt = start + packed.varint()
    const payloadHash: Hash = hash(toHex(packed.bytes(32)))
    const size = Math.floor(sizeAndAuth / 2)
    const auth = sizeAndAuth % 2 === 1 ? 'token' : 'none'
    const envelope = { id, ...log, auth, device: null, nonce: null, payloadHash, signature: null, receivedAt } as const
    entries.push({ envelope, size, offset })
    offset += size
  }
  return entries
}

/** The payload of a batch's message. @param ordinal its place among the entries. @throws {TypeError} */
export function batchPayload(item: Item, { size, offset }: BatchEntry, ordinal: number): Payload {
  if (isExpired(item, ordinal)) return { type: 'expired' }
  if (item.p === undefined) return { type: 'object', object: read.bytes(item, 'o'), offset }
  return { type: 'here', text: utf8.decode(read.bytes(item, 'p').subarray(offset, offset + size)) }
}

/** One bit an entry, lowest first: its payload was deleted. */
export function isExpired(item: Item, ordinal: number): boolean {
  if (item.x === undefined) return false
  return (((read.bytes(item, 'x')[ordinal >> 3] ?? 0) >> (ordinal & 7)) & 1) === 1
}
