import type { Append, Appended } from '@w3bstream/core/ports'
import { concatBytes, type MessageId, messageId, StoreUnavailableError, toHex } from '@w3bstream/protocol'
import { type Item, read } from '../state/attribute.ts'
import { batchEntries, batchItem, batchKey } from './batchItem.ts'
import { type Draft, draft, itemsOf } from './Draft.ts'
import { InOrder } from './InOrder.ts'
import { inGroups } from './inGroups.ts'
import type { MessageTable } from './MessageTable.ts'
import { messageItem, messageKey } from './messageItem.ts'
import { INLINE_BYTES, type ObjectName } from './Payload.ts'
import type { PayloadObjects } from './PayloadObjects.ts'
import { writeShared } from './sharedObject.ts'

/** Signed messages of one batch post and log from which an object for all their payloads is cheaper than payloads in items of twice the size. */
const SIGNED_TOGETHER = 8
const ALL_OLD = 'ALL_OLD' as const
const TIMES_BOUND = 10
const WRITES_AT_ONCE = 64

/** An object that has a draft's payload, where it is not to lie in its item. */
interface InObject {
  readonly name: ObjectName
  /** Null: it has no other. */
  readonly offset: number | null
  readonly size: number
}

/** A message that is there already, as far as a repetition is judged by it. */
interface Existing {
  readonly id: MessageId
  readonly log: string
  readonly payloadHash: string
}

/** Writes messages: one conditional put each, or one for a batch. */
export class Appender {
  readonly #table: MessageTable
  readonly #objects: PayloadObjects

  constructor(modules: { readonly table: MessageTable; readonly objects: PayloadObjects }) {
    this.#table = modules.table
    this.#objects = modules.objects
  }

  async append(entries: readonly Append[]): Promise<Appended[]> {
    const drafts = entries.map(draft)
    const [only] = drafts
    if (only !== undefined && drafts.length === 1) return [await this.#one(only, null)]
    const outcomes = new Array<Appended>(drafts.length)
    const work = new InOrder(WRITES_AT_ONCE)
    const signed = await this.#putSigned(drafts)
    for (const members of groupRuns(drafts))
      work.add(itemsOf(members[0].one), async () => {
        const [{ one, index }] = members
        if (members.length === 1) outcomes[index] = await this.#one(one, signed.get(one) ?? null)
        else {
          const [first, ...others] = members
          const answers = await this.#batch([first.one, ...others.map((member) => member.one)])
          for (const [i, answer] of answers.entries()) outcomes[members[i]?.index ?? 0] = answer
        }
      })
    await work.done()
    await this.#dropUnused(drafts, outcomes, signed)
    return outcomes
  }

  async #one(one: Draft, object: InObject | null): Promise<Appended> {
    if (one.keyPointer !== null || one.legacyPointer !== null) return this.#withPointers(one, object)
    if (one.run === null || !one.isRepeatable) return this.#single(one, object)
    const [outcome] = await this.#batch([one])
    return outcome ?? appended(one)
  }

  /**
   * Messages of one run and log, no two of one id. Where ids may have come before, alone or in a batch, the run's item decides: it is there before any
   * other of the run, and what it does not have may have an item of its own.
   */
  async #batch(group: readonly [Draft, ...Draft[]]): Promise<Appended[]> {
    const [{ run, isRepeatable }] = group
    const before = run === null || !isRepeatable ? null : await this.#table.get(batchKey(run))
    if (before !== null) return this.#eachBeside(before, group)
    const bytes = concatBytes(...group.map((one) => one.bytes))
    const name = bytes.length > INLINE_BYTES ? await this.#objects.put(bytes) : null
    const members = group.map((one) => ({ message: one.entry.message, size: one.bytes.length }))
    const existing = await this.#table.put(batchItem(members, name === null ? { bytes } : { name }))
    if (existing === null || isOurs(existing, name === null ? null : { name, offset: null })) return group.map(appended)
    if (name !== null) await this.#objects.drop(name)
    return this.#eachBeside(existing, group)
  }

  #eachBeside(batch: Item, group: readonly Draft[]): Promise<Appended[]> {
    const known = new Map(batchEntries(batch).map(({ envelope }) => [envelope.id, envelope.payloadHash]))
    const log = read.text(batch, 'l')
    return inGroups(group, WRITES_AT_ONCE, async (one): Promise<Appended> => {
      const payloadHash = known.get(one.id)
      if (payloadHash === undefined) return this.#single(one, null)
      // What is new is there because the answer to our own put was lost.
      return one.isRepeatable ? judge({ id: one.id, log, payloadHash }, one) : appended(one)
    })
  }

  async #single(one: Draft, given: InObject | null): Promise<Appended> {
    const own = given ?? (await this.#putLarge(one))
    const existing = await this.#table.put(messageItem(one.entry.message, own ?? undefined))
    if (existing === null || isOurs(existing, own)) return appended(one)
    if (own !== null && given === null) await this.#objects.drop(own.name)
    // An id that is new can only be there because the answer to our own put was lost.
    const isNew = one.entry.message.nonce === null && !one.isRepeatable
    return isNew ? appended(one) : judge(existingOf(existing), one)
  }

  /** A message that is unique in more than its id: written with what points to it, all or nothing. */
  async #withPointers(one: Draft, given: InObject | null): Promise<Appended> {
    const own = given ?? (await this.#putLarge(one))
    for (let tried = 0; tried < TIMES_BOUND; tried++) {
      const outcome = await this.#bind(one, own)
      if (outcome === null) continue
      if (outcome.type !== 'appended' && own !== null && given === null) await this.#objects.drop(own.name)
      return outcome
    }
    throw new StoreUnavailableError({ reason: 'the keys of a message keep changing' })
  }

  /** @returns null where it has to be looked at again */
  async #bind(one: Draft, own: InObject | null): Promise<Appended | null> {
    const { keyPointer, legacyPointer, entry, id } = one
    const isUnique = entry.unique === 'legacy'
    const pointer = (TableName: string, pk: string, isNew = true) => ({
      Put: {
        TableName,
        Item: { pk: { S: pk }, i: { S: id } },
        ...(isNew
          ? { ConditionExpression: 'attribute_not_exists(pk)', ReturnValuesOnConditionCheckFailure: ALL_OLD }
          : {}),
      },
    })
    const bound = await this.#table.bind((TableName) => [
      {
        Put: {
          TableName,
          Item: { ...messageItem(entry.message, own ?? undefined) },
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: ALL_OLD,
        },
      },
      ...(keyPointer === null ? [] : [pointer(TableName, keyPointer)]),
      // Who may repeat itself has the pointer name its last message.
      ...(legacyPointer === null ? [] : [pointer(TableName, legacyPointer, isUnique)]),
    ])
    if (bound.type === 'done') return appended(one)
    const [message, ...pointers] = bound.existing
    if (message && isOurs(message, own)) return appended(one)
    const byKey = keyPointer === null ? null : (pointers.shift() ?? null)
    const byPayload = pointers.shift() ?? null
    if (byKey !== null) return judge(await this.#named(byKey), one, 'key')
    if (byPayload !== null && isUnique)
      return { type: 'conflict', on: 'legacy', id: messageId(read.text(byPayload, 'i')) }
    if (!message) return null
    const outcome = judge(existingOf(message), one)
    if (outcome.type !== 'duplicate' || keyPointer === null) return outcome
    const other = await this.#table.put({ pk: { S: keyPointer }, i: { S: id } })
    return other === null ? outcome : judge(await this.#named(other), one, 'key')
  }

  async #named(pointer: Item): Promise<Existing> {
    const item = await this.#table.get(messageKey(messageId(read.text(pointer, 'i'))))
    if (item === null) throw new StoreUnavailableError({ reason: 'a key names a message that is not there' })
    return existingOf(item)
  }

  /** The payload of a message that is too large for its item. */
  async #putLarge({ bytes }: Draft): Promise<InObject | null> {
    if (bytes.length <= INLINE_BYTES) return null
    return { name: await this.#objects.put(bytes), offset: null, size: bytes.length }
  }

  /** Payloads of the signed messages of one post, an object for those of each log. */
  async #putSigned(drafts: readonly Draft[]): Promise<Map<Draft, InObject>> {
    const placed = new Map<Draft, InObject>()
    // An empty one would be at its neighbour's offset, which is what tells them apart.
    const signed = drafts.filter(
      (one) => one.entry.batch === true && one.run === null && one.legacyPointer === null && one.bytes.length > 0,
    )
    for (const group of Map.groupBy(signed, ({ log }) => log).values()) {
      if (group.length < SIGNED_TOGETHER) continue
      const name = await this.#objects.put(writeShared(group))
      let offset = 0
      for (const one of group) {
        placed.set(one, { name, offset, size: one.bytes.length })
        offset += one.bytes.length
      }
    }
    return placed
  }

  /** Deletes objects of which no message needs a part. */
  async #dropUnused(
    drafts: readonly Draft[],
    outcomes: readonly Appended[],
    signed: ReadonlyMap<Draft, InObject>,
  ): Promise<void> {
    const used = new Map<ObjectName, boolean>()
    for (const [index, one] of drafts.entries()) {
      const name = signed.get(one)?.name
      if (name !== undefined) used.set(name, (used.get(name) ?? false) || outcomes[index]?.type === 'appended')
    }
    for (const [name, isUsed] of used) if (!isUsed) await this.#objects.drop(name)
  }
}

interface Member {
  readonly one: Draft
  readonly index: number
}

/** Messages that go together into a batch's item, with no id twice, and each other message alone; in the order of their first. */
function groupRuns(drafts: readonly Draft[]): (readonly [Member, ...Member[]])[] {
  const groups: [Member, ...Member[]][] = []
  const open = new Map<string, { readonly group: Member[]; readonly ids: Set<string> }>()
  for (const [index, one] of drafts.entries()) {
    const name = `${one.run} ${one.log}`
    const known = one.run === null ? undefined : open.get(name)
    if (known !== undefined && !known.ids.has(one.id)) {
      known.group.push({ one, index })
      known.ids.add(one.id)
      continue
    }
    const group: [Member, ...Member[]] = [{ one, index }]
    groups.push(group)
    if (one.run !== null && known === undefined) open.set(name, { group, ids: new Set([one.id]) })
  }
  return groups
}

const appended = ({ id }: Draft): Appended => ({ type: 'appended', id })

function judge(existing: Existing, one: Draft, on?: 'key'): Appended {
  const { id } = existing
  const same = existing.log === one.log && existing.payloadHash === one.entry.message.payloadHash
  if (same) return { type: 'duplicate', id }
  return { type: 'conflict', on: on ?? (one.entry.message.nonce === null ? 'key' : 'nonce'), id }
}

const existingOf = (item: Item): Existing => ({
  id: messageId(read.text(item, 'pk').slice(2)),
  log: read.text(item, 'l'),
  payloadHash: read.hex(item, 'h'),
})

/** Whether an item is the very one that we put: the answer to it was lost. */
const isOurs = (item: Item, own: Pick<InObject, 'name' | 'offset'> | null): boolean =>
  own !== null &&
  item.o?.B !== undefined &&
  toHex(item.o.B) === toHex(own.name) &&
  (item.f?.N ?? null) === (own.offset === null ? null : String(own.offset))
