import type { LogId, LogPosition } from '@w3bstream/core/ports'
import { attribute, type Item, read } from '../state/attribute.ts'
import type { StateTable } from '../state/StateTable.ts'
import { stateKeys } from '../state/stateKeys.ts'
import { logName, parseLogName } from './logName.ts'
import { placeOf } from './position.ts'

/** When a log's waiting messages fill a task. */
export interface Full {
  /** So many messages, or */
  readonly count: number
  /** so many payload bytes. */
  readonly bytes: number
}

/** A log in the directory of logs. */
export interface Head {
  readonly log: LogId
  /** Position of the last message; a hint: there may be segments behind it. */
  readonly end: LogPosition
  /** Number of the segment that has it, 0 for none. */
  readonly tail: number
  /** Up to here, messages are in tasks. */
  readonly cursor: LogPosition
  /** Null: nobody said it yet. */
  readonly full: Full | null
  /** Position up to which all tasks' payloads are deleted. */
  readonly expired: LogPosition
}

/** The directory of logs: an item each, in one partition. */
export class Heads {
  readonly #table: StateTable

  constructor(modules: { readonly table: StateTable }) {
    this.#table = modules.table
  }

  async all(): Promise<Head[]> {
    const heads: Head[] = []
    for await (const item of this.#table.read({ keys: '#pk = :pk', values: { ':pk': attribute.text('logs') } }))
      heads.push(parseHead(item))
    return heads
  }

  async get(log: LogId): Promise<Head | null> {
    const item = await this.#table.get(stateKeys.log(log))
    return item === null ? null : parseHead(item)
  }

  /** Those that are in the directory, each once. */
  async many(logs: readonly LogId[]): Promise<Head[]> {
    const keys = new Map(logs.map((log) => [logName(log), stateKeys.log(log)]))
    const items = await this.#table.getMany([...keys.values()])
    return items.filter((item) => item !== null).map(parseHead)
  }

  /** Puts a log into the directory, before its first segment: a log that is not in it would never be packed. */
  async make(log: LogId): Promise<void> {
    await this.#table.update({
      key: stateKeys.log(log),
      update: 'SET #end = :zero',
      condition: 'attribute_not_exists(#end)',
      values: { ':zero': attribute.int(0) },
    })
  }

  /** Says how far the log goes. @returns the head, or null where it says as much or more already */
  async raise(log: LogId, end: LogPosition): Promise<Head | null> {
    const item = await this.#table.update({
      key: stateKeys.log(log),
      update: 'SET #end = :end',
      condition: 'attribute_not_exists(#end) OR #end < :end',
      values: { ':end': attribute.int(end) },
    })
    return item === null ? null : parseHead(item)
  }

  async setFull(log: LogId, { count, bytes }: Full): Promise<void> {
    await this.#table.update({
      key: stateKeys.log(log),
      update: 'SET #fullCount = :count, #fullBytes = :bytes',
      values: { ':count': attribute.int(count), ':bytes': attribute.int(bytes) },
    })
  }

  async setExpired(log: LogId, position: LogPosition): Promise<void> {
    await this.#table.update({
      key: stateKeys.log(log),
      update: 'SET #expired = :expired',
      condition: 'attribute_not_exists(#expired) OR #expired < :expired',
      values: { ':expired': attribute.int(position) },
    })
  }
}

function parseHead(item: Item): Head {
  const end = read.optional(item, 'end', read.int) ?? 0
  const count = read.optional(item, 'fullCount', read.int)
  const bytes = read.optional(item, 'fullBytes', read.int)
  return {
    log: parseLogName(read.text(item, 'sk')),
    end,
    tail: placeOf(end).segment,
    cursor: read.optional(item, 'cursor', read.int) ?? 0,
    full: count === null || bytes === null ? null : { count, bytes },
    expired: read.optional(item, 'expired', read.int) ?? 0,
  }
}
