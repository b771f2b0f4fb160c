import { sha256 } from '@noble/hashes/sha2.js'
import { CorruptBlobError, type Envelope, type Message, type MessageId, messageRun, toHex } from '@w3bstream/protocol'
import type { Item } from '../state/attribute.ts'
import { BATCH_ENVELOPE_ATTRIBUTES, batchEntries, batchKey, batchPayload } from './batchItem.ts'
import { inGroups } from './inGroups.ts'
import type { MessageTable } from './MessageTable.ts'
import { ENVELOPE_ATTRIBUTES, envelopeOf, messageKey, payloadOf } from './messageItem.ts'
import type { ObjectName, Payload } from './Payload.ts'
import type { PayloadObjects } from './PayloadObjects.ts'

/** A message that is looked for. */
export interface Wanted {
  readonly id: MessageId
  /** Whether a batch's item has it; null: nobody knows. */
  readonly isBatch: boolean | null
}

/** What an item tells of a message. */
interface Found {
  readonly envelope: Envelope
  readonly size: number
  /** Not decoded before it is wanted. */
  readonly payload: () => Payload
}

const OBJECTS_AT_ONCE = 8
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const ATTRIBUTES = [...new Set([...ENVELOPE_ATTRIBUTES, ...BATCH_ENVELOPE_ATTRIBUTES])]

/** Reads messages by id from wherever they are. */
export class MessageReader {
  readonly #table: MessageTable
  readonly #objects: PayloadObjects

  constructor(modules: { readonly table: MessageTable; readonly objects: PayloadObjects }) {
    this.#table = modules.table
    this.#objects = modules.objects
  }

  /** Messages in the order asked for; those that are not there are left out. @throws {CorruptBlobError} */
  async messages(wanted: readonly Wanted[]): Promise<Message[]> {
    const found = (await this.#find(wanted)).map((one) => ({ ...one, payload: one.payload() }))
    const parts = await this.#parts(found)
    return found.map(({ envelope, size, payload }) => ({
      ...envelope,
      payload: textOf(envelope, size, payload, parts),
    }))
  }

  /** As {@link messages}, without their payloads. */
  async envelopes(wanted: readonly Wanted[]): Promise<Envelope[]> {
    return (await this.#find(wanted, ATTRIBUTES)).map(({ envelope }) => envelope)
  }

  async #find(wanted: readonly Wanted[], attributes?: readonly string[]): Promise<Found[]> {
    const runs = new Map<string, number>()
    for (const { id } of wanted) runs.set(messageRun(id).run, (runs.get(messageRun(id).run) ?? 0) + 1)
    const found = new Map<MessageId, Found>()
    const look = async (keyOf: (one: Wanted) => readonly string[], consistent: boolean): Promise<void> => {
      const missing = wanted.filter(({ id }) => !found.has(id))
      if (missing.length === 0) return
      const options = { consistent, ...(attributes === undefined ? {} : { attributes }) }
      const items = await this.#table.many(missing.flatMap(keyOf), options)
      for (const item of items.values()) for (const one of messagesOf(item)) found.set(one.envelope.id, one)
    }
    // Neighbours in a run most likely came in one batch; most reads end here.
    const likely = ({ id, isBatch }: Wanted) => isBatch ?? (runs.get(messageRun(id).run) ?? 0) > 1
    await look((one) => [likely(one) ? batchKey(messageRun(one.id).run) : messageKey(one.id)], false)
    await look(({ id }) => [messageKey(id), batchKey(messageRun(id).run)], true)
    return wanted.map(({ id }) => found.get(id)).filter((one) => one !== undefined)
  }

  /** Of each object that payloads lie in, the bytes from the first to the last that is wanted. */
  async #parts(found: readonly { readonly size: number; readonly payload: Payload }[]): Promise<Map<string, Part>> {
    const ranges = new Map<string, { readonly object: ObjectName; readonly offset: number; readonly end: number }>()
    for (const { size, payload } of found) {
      if (payload.type !== 'object') continue
      const { object, offset } = payload
      const known = ranges.get(toHex(object)) ?? { offset, end: offset }
      ranges.set(toHex(object), {
        object,
        offset: Math.min(known.offset, offset),
        end: Math.max(known.end, offset + size),
      })
    }
    const parts = await inGroups([...ranges], OBJECTS_AT_ONCE, async ([name, { object, offset, end }]) => {
      const bytes = await this.#objects.part(object, { offset, length: end - offset })
      return [name, { offset, bytes }] as const
    })
    return new Map(parts)
  }
}

interface Part {
  readonly offset: number
  /** Null: it is lost. */
  readonly bytes: Uint8Array | null
}

/** @throws {CorruptBlobError} */
function textOf({ payloadHash }: Envelope, size: number, payload: Payload, parts: ReadonlyMap<string, Part>): string {
  if (payload.type === 'expired') return ''
  if (payload.type === 'here') return payload.text
  const part = parts.get(toHex(payload.object))
  const start = payload.offset - (part?.offset ?? 0)
  const bytes = part?.bytes?.subarray(start, start + size)
  if (bytes === undefined || toHex(sha256(bytes)) !== payloadHash) throw new CorruptBlobError({ hash: payloadHash })
  return utf8.decode(bytes)
}

function messagesOf(item: Item): Found[] {
  if (item.pk?.S?.startsWith('m#'))
    return [{ envelope: envelopeOf(item), size: Number(item.z?.N ?? 0), payload: () => payloadOf(item) }]
  return batchEntries(item).map((entry, ordinal) => ({
    envelope: entry.envelope,
    size: entry.size,
    payload: () => batchPayload(item, entry, ordinal),
  }))
}
