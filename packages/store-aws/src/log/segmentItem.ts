import type { LogId, LogPosition } from '@w3bstream/core/ports'
import { type MessageId, messageIdBytes } from '@w3bstream/protocol'
import { type Item, read } from '../state/attribute.ts'
import type { Key } from '../state/StateTable.ts'
import { ByteReader } from './ByteReader.ts'
import { ByteWriter } from './ByteWriter.ts'
import { logName } from './logName.ts'
import { messageIdOf } from './messageIdOf.ts'
import { positionAt } from './position.ts'

/** A message's place in the log. */
export interface SegmentEntry {
  readonly id: MessageId
  /** UTF-8 bytes of its payload. */
  readonly size: number
  readonly receivedAt: number
  /** Its item is a batch's. */
  readonly isBatch: boolean
}

/** A run of a log's order; immutable. */
export interface Segment {
  /** From 1, without gaps. */
  readonly number: number
  /** When it was written, by its writer's clock; never before the segment before it, and never before the receipt of a message in it. */
  readonly at: number
  readonly entries: readonly SegmentEntry[]
}

/** Partitions over which a log's segments are spread. */
const PARTITIONS = 8

export const segmentKey = (log: LogId, number: number): Key => ({
  pk: `seg#${logName(log)}#${number % PARTITIONS}`,
  sk: String(number).padStart(12, '0'),
})

export function segmentItem(log: LogId, { number, at, entries }: Segment): Item {
  const start = Math.min(...entries.map(({ receivedAt }) => receivedAt))
  const packed = new ByteWriter().varint(start)
  for (const { id, size, receivedAt, isBatch } of entries)
    packed
      .bytes(messageIdBytes(id))
      .varint(2 * size + (isBatch ? 1 : 0))
      .varint(receivedAt - start)
  const { pk, sk } = segmentKey(log, number)
  return { pk: { S: pk }, sk: { S: sk }, at: { N: String(at) }, e: { B: packed.done() } }
}

/** @throws {TypeError} */
export function parseSegment(item: Item): Segment {
  const packed = new ByteReader(read.bytes(item, 'e'))
  const start = packed.varint()
  const entries: SegmentEntry[] = []
  while (!packed.isAtEnd) {
    const id = messageIdOf(packed.bytes(16))
    const sizeAndPlace = packed.varint()
    const receivedAt = start + packed.varint()
    entries.push({ id, size: Math.floor(sizeAndPlace / 2), receivedAt, isBatch: sizeAndPlace % 2 === 1 })
  }
  return { number: Number(read.text(item, 'sk')), at: read.int(item, 'at'), entries }
}

/** The position of a segment's last message. */
export const endOf = ({ number, entries }: Segment): LogPosition => positionAt(number, entries.length - 1)
