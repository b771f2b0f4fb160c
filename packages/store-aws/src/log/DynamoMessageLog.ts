import type {
  Append,
  Appended,
  Expirable,
  ExportRecord,
  LoggedMessage,
  LogId,
  LogPosition,
  MessageLog,
  WaitingLog,
} from '@w3bstream/core/ports'
import {
  type Envelope,
  type Message,
  type MessageId,
  type ProjectId,
  StoreUnavailableError,
  type TaskId,
} from '@w3bstream/protocol'
import type { Aws } from '../calls/Aws.ts'
import { toStoreError } from '../calls/toStoreError.ts'
import { StateTable } from '../state/StateTable.ts'
import { Appender } from './Appender.ts'
import { legacyKey } from './Draft.ts'
import { type Full, type Head, Heads } from './Heads.ts'
import { inGroups } from './inGroups.ts'
import type { LogOptions } from './LogOptions.ts'
import type { LogReader } from './LogReader.ts'
import { locate } from './locate.ts'
import { logName } from './logName.ts'
import { MessageReader } from './MessageReader.ts'
import { MessageTable } from './MessageTable.ts'
import { PayloadObjects } from './PayloadObjects.ts'
import { placeOf, positionAt } from './position.ts'
import { Retention } from './Retention.ts'
import { Segments } from './Segments.ts'
import { endOf } from './segmentItem.ts'
import { WaitingCounter } from './WaitingCounter.ts'

const LOGS_AT_ONCE = 8

/**
 * Messages on DynamoDB and S3: one conditional put a message, or one and an object for a whole batch. Their order is another's work: the table's stream
 * drives a {@link SegmentWriter}, so what was appended is read a moment later. README.md has the items and why they are so.
 *
 * Invariant: a log's segments are numbered without gaps and never change, so nothing appears behind a position already read.
 */
export class DynamoMessageLog implements MessageLog, LogReader {
  readonly #table: MessageTable
  readonly #appender: Appender
  readonly #reader: MessageReader
  readonly #segments: Segments
  readonly #heads: Heads
  readonly #retention: Retention
  readonly #counters = new Map<string, WaitingCounter>()
  /** What {@link setFull} said last. */
  readonly #full = new Map<string, string>()

  constructor(modules: { readonly aws: Aws }, options: LogOptions) {
    const { aws } = modules
    const state = new StateTable({ aws }, { table: options.stateTable })
    const objects = new PayloadObjects({ aws }, options)
    const table = new MessageTable({ aws }, options)
    this.#table = table
    this.#appender = new Appender({ table, objects })
    this.#reader = new MessageReader({ table, objects })
    this.#segments = new Segments({ table: state })
    this.#heads = new Heads({ table: state })
    this.#retention = new Retention({
      table,
      state,
      objects,
      heads: this.#heads,
      reader: this.#reader,
      idsBetween: (...range) => this.idsBetween(...range),
    })
  }

  append(entries: readonly Append[]): Promise<Appended[]> {
    return stored(() => this.#appender.append(entries))
  }

  read(
    log: LogId,
    after: LogPosition,
    limit: { readonly count: number; readonly bytes: number },
  ): Promise<LoggedMessage[]> {
    return stored(async () => {
      const found: { readonly position: LogPosition; readonly id: MessageId; readonly isBatch: boolean }[] = []
      let bytes = 0
      for await (const { position, entry } of this.#entries(log, after)) {
        bytes += entry.size
        if (found.length >= limit.count || (bytes > limit.bytes && found.length > 0)) break
        found.push({ position, id: entry.id, isBatch: entry.isBatch })
      }
      const messages = new Map((await this.#reader.messages(found)).map((message) => [message.id, message]))
      return found.map(({ position, id }) => {
        const message = messages.get(id)
        // Left out, it would never be packed.
        if (message === undefined) throw new StoreUnavailableError({ reason: `the log's message ${id} is not there` })
        return { position, message }
      })
    })
  }

  async get(id: MessageId): Promise<Message | null> {
    const [message] = await this.getMany([id])
    return message ?? null
  }

  getMany(ids: readonly MessageId[]): Promise<Message[]> {
    return stored(() => this.#reader.messages(ids.map((id) => ({ id, isBatch: null }))))
  }

  envelopes(ids: readonly MessageId[]): Promise<Envelope[]> {
    return stored(() => this.#reader.envelopes(ids.map((id) => ({ id, isBatch: null }))))
  }

  async logs(): Promise<LogId[]> {
    return (await this.#heads.all()).map(({ log }) => log)
  }

  async waiting(cap: number, only?: readonly LogId[]): Promise<WaitingLog[]> {
    const heads = await this.#sighted(only === undefined ? await this.#heads.all() : await this.#heads.many(only))
    const behind = heads.filter(({ cursor, end }) => cursor < end)
    const counted = await inGroups(behind, LOGS_AT_ONCE, ({ log, cursor }) =>
      this.#counter(log).count(cursor, (count) => count >= Math.max(1, cap)),
    )
    return counted.filter(({ count }) => count > 0)
  }

  legacySeen(projectId: ProjectId, device: string, payloadHash: string): Promise<boolean> {
    return stored(async () => (await this.#table.get(legacyKey(projectId, device, payloadHash))) !== null)
  }

  expirable(
    log: LogId,
    before: number,
    limit: { readonly count: number; readonly bytes: number },
  ): Promise<Expirable[]> {
    return stored(() => this.#retention.expirable(log, before, limit))
  }

  expire(tasks: readonly TaskId[], to: ExportRecord): Promise<number> {
    return stored(() => this.#retention.expire(tasks, to))
  }

  exports(projectId: ProjectId): Promise<ExportRecord[]> {
    return stored(() => this.#retention.exports(projectId))
  }

  idsBetween(log: LogId, after: LogPosition, upTo: LogPosition): Promise<MessageId[]> {
    return stored(async () => {
      const ids: MessageId[] = []
      for await (const { position, entry } of this.#entries(log, after, upTo)) {
        if (position > upTo) break
        ids.push(entry.id)
      }
      return ids
    })
  }

  positionOf(id: MessageId): Promise<{ readonly log: LogId; readonly position: LogPosition } | null> {
    return stored(async () => {
      const [message] = await this.#reader.envelopes([{ id, isBatch: null }])
      if (message === undefined) return null
      const { projectId, version, receivedAt } = message
      const log = { projectId, version }
      const hint = (await this.#heads.get(log))?.tail ?? 0
      const tail = await this.#segments.tail(log, hint)
      const position = await locate(this.#segments, { log, id, receivedAt, tail })
      return position === null ? null : { log, position }
    })
  }

  /** Remembers when a log's messages fill a task, so that the segment writer signals it then; cheap where it was said before. */
  async setFull(log: LogId, full: Full): Promise<void> {
    const said = `${full.count} ${full.bytes}`
    if (this.#full.get(logName(log)) === said) return
    await this.#heads.setFull(log, full)
    this.#full.set(logName(log), said)
  }

  #counter(log: LogId): WaitingCounter {
    const name = logName(log)
    const counter = this.#counters.get(name) ?? new WaitingCounter({ segments: this.#segments }, log)
    this.#counters.set(name, counter)
    return counter
  }

  async *#entries(log: LogId, after: LogPosition, upTo?: LogPosition) {
    const last = upTo === undefined ? undefined : placeOf(upTo).segment
    for await (const segment of this.#segments.from(log, placeOf(after).segment, last))
      for (const [index, entry] of segment.entries.entries()) {
        const position = positionAt(segment.number, index)
        if (position > after) yield { position, entry }
      }
  }

  /** Heads that know of segments whose writer ended before it could tell. */
  async #sighted(heads: readonly Head[]): Promise<Head[]> {
    const next = await this.#segments.many(heads.map(({ log, tail }) => ({ log, number: tail + 1 })))
    const both = heads.map((head, i) => ({ head, unknown: next[i] ?? null }))
    return inGroups(both, LOGS_AT_ONCE, async ({ head, unknown }) => {
      if (unknown === null) return head
      const tail = await this.#segments.tail(head.log, unknown.number)
      const last = await this.#segments.get(head.log, tail)
      if (last === null) return head
      return (await this.#heads.raise(head.log, endOf(last))) ?? (await this.#heads.get(head.log)) ?? head
    })
  }
}

async function stored<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toStoreError(error)
  }
}
