import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { LogId } from '@w3bstream/core/ports'
import { messageId } from '@w3bstream/protocol'
import { reviveValues } from '../calls/wireValues.ts'
import { type Item, read } from '../state/attribute.ts'
import { batchEntries } from './batchItem.ts'
import { parseLogName } from './logName.ts'
import { payloadSize } from './messageItem.ts'
import type { SegmentEntry } from './segmentItem.ts'

/** A record of the messages' stream, as Lambda hands it over (bytes in base64) or as the stream's API gives it. */
export interface StreamRecord {
  readonly eventName?: string | undefined
  readonly dynamodb?:
    | {
        readonly NewImage?: Readonly<Record<string, unknown>> | undefined
        readonly SequenceNumber?: string | undefined
      }
    | undefined
}

/** The messages that a record says are new, with their log; none where an item was changed or deleted, or is no message's. @throws {TypeError} */
export function streamEntries(
  record: StreamRecord,
): { readonly log: LogId; readonly entries: readonly SegmentEntry[] } | null {
  const image = record.dynamodb?.NewImage
  if (record.eventName !== 'INSERT' || image === undefined) return null
  const item = parseImage(image)
  const pk = read.text(item, 'pk')
  if (!pk.startsWith('m#') && !pk.startsWith('b#')) return null
  const log = parseLogName(read.text(item, 'l'))
  if (pk.startsWith('b#'))
    return {
      log,
      entries: batchEntries(item).map(({ envelope: { id, receivedAt }, size }) => ({
        id,
        size,
        receivedAt,
        isBatch: true,
      })),
    }
  const id = messageId(pk.slice(2))
  return { log, entries: [{ id, size: payloadSize(item), receivedAt: read.int(item, 't'), isBatch: false }] }
}

/** Only what an entry is made of, so that no payload of binary form is decoded. */
function parseImage(image: Readonly<Record<string, unknown>>): Item {
  const { pk, l, t, z, p, e } = image
  return reviveValues(structuredClone({ pk, l, t, z, e, ...(e === undefined ? { p } : {}) })) as Record<
    string,
    AttributeValue
  >
}
