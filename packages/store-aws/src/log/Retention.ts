import type { Expirable, ExportRecord, LogId, LogPosition } from '@w3bstream/core/ports'
import {
  hash,
  type Message,
  type MessageId,
  messageRun,
  type ProjectId,
  projectId,
  StoreUnavailableError,
  type TaskId,
  taskId,
  toHex,
  uuidv7,
} from '@w3bstream/protocol'
import { attribute, type Item, read } from '../state/attribute.ts'
import type { StateTable } from '../state/StateTable.ts'
import { stateKeys } from '../state/stateKeys.ts'
import { batchKey } from './batchItem.ts'
import { expireInBatch } from './expireInBatch.ts'
import type { Heads } from './Heads.ts'
import { inGroups } from './inGroups.ts'
import { logName, parseLogName } from './logName.ts'
import type { MessageReader } from './MessageReader.ts'
import type { MessageTable } from './MessageTable.ts'
import { messageKey } from './messageItem.ts'
import type { PayloadObjects } from './PayloadObjects.ts'
import { idsInShared } from './sharedObject.ts'

const { text, int, flag, hex } = attribute
/** Tasks of a log are packed in about the order of their positions: one that comes so much later ends the search. */
const SKEW_MS = 86_400_000
const TASKS_AT_ONCE = 50
const WRITES_AT_ONCE = 32
const ENDED = ['finalized', 'failed']
const utf8 = new TextEncoder()

/** A task's range of its log. */
interface Range {
  readonly task: TaskId
  readonly after: LogPosition
  readonly upTo: LogPosition
  readonly packedAt: number
}

/** Deletes payloads of ended tasks. */
export class Retention {
  readonly #table: MessageTable
  readonly #state: StateTable
  readonly #objects: PayloadObjects
  readonly #heads: Heads
  readonly #reader: MessageReader
  readonly #idsBetween: (log: LogId, after: LogPosition, upTo: LogPosition) => Promise<MessageId[]>

  constructor(modules: {
    readonly table: MessageTable
    readonly state: StateTable
    readonly objects: PayloadObjects
    readonly heads: Heads
    readonly reader: MessageReader
    readonly idsBetween: (log: LogId, after: LogPosition, upTo: LogPosition) => Promise<MessageId[]>
  }) {
    this.#table = modules.table
    this.#state = modules.state
    this.#objects = modules.objects
    this.#heads = modules.heads
    this.#reader = modules.reader
    this.#idsBetween = modules.idsBetween
  }

  /** As the port has it; also finishes deletions that were cut short. */
  async expirable(
    log: LogId,
    before: number,
    limit: { readonly count: number; readonly bytes: number },
  ): Promise<Expirable[]> {
    const ranges = await this.#ranges(log, before)
    const due: Expirable[] = []
    let { count, bytes } = limit
    for (let at = 0; at < ranges.length; at += TASKS_AT_ONCE) {
      const some = ranges.slice(at, at + TASKS_AT_ONCE)
      const items = await this.#state.getMany(some.map(({ task }) => stateKeys.task(task)))
      for (const [i, range] of some.entries()) {
        const item = items[i]
        if (!item || !isEnded(item)) continue
        if (item.exp !== undefined) {
          await this.#deletePayloads(log, range)
          continue
        }
        const ids = await this.#idsBetween(log, range.after, range.upTo)
        const messages = await this.#reader.messages(ids.map((id) => ({ id, isBatch: null })))
        count -= messages.length
        bytes -= sizeOf(messages)
        if (due.length > 0 && (count < 0 || bytes < 0)) return due
        due.push({ task: range.task, messages })
      }
    }
    return due
  }

  async expire(tasks: readonly TaskId[], to: ExportRecord): Promise<number> {
    // One record, whichever of the tasks are written with it.
    const exported = exportItem(to)
    let deleted = 0
    for (const task of tasks) {
      const item = await this.#state.get(stateKeys.task(task))
      if (item === null || !isEnded(item) || item.exp !== undefined) continue
      if (!(await this.#mark(task, exported))) continue
      const log = { projectId: projectId(read.text(item, 'p')), version: read.text(item, 'v') }
      deleted += await this.#deletePayloads(log, {
        task,
        after: read.int(item, 'after'),
        upTo: read.int(item, 'upTo'),
      })
    }
    return deleted
  }

  async exports(project: ProjectId): Promise<ExportRecord[]> {
    const records: ExportRecord[] = []
    const keys = { keys: '#pk = :pk', values: { ':pk': text(exportsOf(project)) } }
    for await (const item of this.#state.read(keys))
      records.push({
        log: parseLogName(read.text(item, 'l')),
        blob: hash(read.hex(item, 'blob')),
        bytes: read.int(item, 'bytes'),
        messages: read.int(item, 'messages'),
        oldestAt: read.int(item, 'oldestAt'),
        newestAt: read.int(item, 'newestAt'),
        at: read.int(item, 'at'),
      })
    return records
  }

  /** The tasks of a log that were packed before a time and whose payloads are not all deleted, in the order of packing. */
  async #ranges(log: LogId, before: number): Promise<Range[]> {
    const start = (await this.#heads.get(log))?.expired ?? 0
    const found: Range[] = []
    let expired = start
    for await (const item of this.#state.read({
      keys: '#pk = :pk AND #sk > :start',
      values: { ':pk': text(stateKeys.ranges(log)), ':start': text(stateKeys.range(log, start).sk) },
    })) {
      const range = {
        task: taskId(read.text(item, 'task')),
        after: read.int(item, 'after'),
        upTo: read.int(item, 'upTo'),
        packedAt: read.int(item, 'packedAt'),
      }
      if (range.packedAt >= before + SKEW_MS) break
      if (item.expired === undefined && range.packedAt < before) found.push(range)
      if (item.expired !== undefined && range.after === expired) expired = range.upTo
    }
    // The next search need not begin so early.
    if (expired > start) await this.#heads.setExpired(log, expired)
    return found.sort((a, b) => a.packedAt - b.packedAt || a.upTo - b.upTo)
  }

  /** Says of a task, for good, that its payloads are going. @returns false where it is no longer ended, or that was said before */
  async #mark(task: TaskId, exported: Item): Promise<boolean> {
    const done = await this.#state.transact([
      {
        type: 'update',
        key: stateKeys.task(task),
        update: 'SET #exp = :true',
        condition: '(#st = :finalized OR #st = :failed) AND attribute_not_exists(#exp)',
        values: { ':true': flag(true), ':finalized': text('finalized'), ':failed': text('failed') },
      },
      { type: 'put', item: exported },
    ])
    if (done.type === 'unknown') throw new StoreUnavailableError({ reason: done.error.code, cause: done.error })
    return done.type === 'done'
  }

  /** Deletes the payloads of a task that was marked; may be repeated. @returns how many were there */
  async #deletePayloads(log: LogId, { task, after, upTo }: Pick<Range, 'task' | 'after' | 'upTo'>): Promise<number> {
    const ids = await this.#idsBetween(log, after, upTo)
    const keys = ids.flatMap((id) => [messageKey(id), batchKey(messageRun(id).run)])
    const items = await this.#table.many(keys, { consistent: true })
    const own = ids.map((id) => items.get(messageKey(id))).filter((item) => item !== undefined)
    const alone = await inGroups(own, WRITES_AT_ONCE, (item) => this.#deleteOwn(item))
    await this.#dropShared(own)
    const inBatches = Map.groupBy(
      ids.filter((id) => !items.has(messageKey(id))),
      (id) => messageRun(id).run,
    )
    const modules = { table: this.#table, objects: this.#objects }
    const batched = await inGroups([...inBatches], WRITES_AT_ONCE, ([run, members]) =>
      expireInBatch(modules, run, members),
    )
    await this.#state.update({
      key: stateKeys.range(log, upTo),
      update: 'SET #expired = :true',
      condition: '#task = :task',
      values: { ':true': flag(true), ':task': text(task) },
    })
    return alone.filter((deleted) => deleted).length + batched.reduce((sum, count) => sum + count, 0)
  }

  async #deleteOwn(item: Item): Promise<boolean> {
    const changed = await this.#table.update({
      pk: read.text(item, 'pk'),
      // The object stays named, so that a deletion that is cut short can be finished.
      update: 'SET x = :true REMOVE p',
      condition: 'attribute_exists(pk) AND attribute_not_exists(x)',
      values: { ':true': flag(true) },
    })
    if (item.o !== undefined && item.f === undefined) await this.#objects.delete(read.bytes(item, 'o'))
    return changed
  }

  /** Deletes objects that hold payloads of several messages, once none of them needs its own. */
  async #dropShared(items: readonly Item[]): Promise<void> {
    const names = new Map(
      items
        .filter(({ o, f }) => o !== undefined && f !== undefined)
        .map((item) => [read.hex(item, 'o'), read.bytes(item, 'o')]),
    )
    for (const [shown, name] of names) {
      const object = await this.#objects.get(name)
      if (object === null) continue
      const messages = await this.#table.many(idsInShared(object).map(messageKey), { consistent: true })
      const isNeeded = [...messages.values()].some(
        (item) => item.o?.B !== undefined && toHex(item.o.B) === shown && item.x === undefined,
      )
      if (!isNeeded) await this.#objects.delete(name)
    }
  }
}

const isEnded = (item: Item): boolean => ENDED.includes(read.text(item, 'st'))

const sizeOf = (messages: readonly Message[]): number =>
  messages.reduce((sum, { payload }) => sum + utf8.encode(payload).length, 0)

const exportsOf = (project: ProjectId): string => `exports#${project}`

/** Exports lie in the order in which they were made. */
const exportItem = (to: ExportRecord): Item => ({
  pk: text(exportsOf(to.log.projectId)),
  sk: text(uuidv7(Date.now())),
  l: text(logName(to.log)),
  blob: hex(to.blob),
  bytes: int(to.bytes),
  messages: int(to.messages),
  oldestAt: int(to.oldestAt),
  newestAt: int(to.newestAt),
  at: int(to.at),
})
