import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import {
  type Clock,
  type FeedEntry,
  type FeedPage,
  type Lease,
  type LogId,
  type LogPosition,
  type NewTask,
  PayloadsExpiredError,
  type StalePage,
  shortReason,
  type TaskPage,
  type TaskStep,
  type TaskStore,
  type Telemetry,
  takeStep,
} from '@w3bstream/core/ports'
import {
  type Address,
  InvalidInputError,
  type Membership,
  type MessageId,
  type ProjectId,
  projectId,
  StaleLeaseError,
  type StateLogEntry,
  type TaskId,
  TaskNotFoundError,
  type TaskRecord,
  type TaskState,
  taskId,
  traceIdOf,
} from '@w3bstream/protocol'
import type { LogReader } from '../log/LogReader.ts'
import { attribute, type Item, read } from './attribute.ts'
import { contend } from './contend.ts'
import { mergeOrdered } from './mergeOrdered.ts'
import type { Condition, Key, StateTable, Write } from './StateTable.ts'
import { stateKeys } from './stateKeys.ts'
import { idOf, readTask, writeProgress, writeTask } from './taskItem.ts'

type Listener = Parameters<TaskStore['watch']>[0]
type ListFilter = Pick<Parameters<TaskStore['list']>[0], 'projectId' | 'state'>

const { int, text } = attribute
const SEQUENCE = 0xffff_ffffn
const NEW = 'attribute_not_exists(#pk)'
const MAX_PROBLEM = 200
/** DynamoDB's items end at 400 KB; a proof's text that is longer than a line lies in a blob. */
const MAX_RESULT = 100_000
/** A place in the feed: milliseconds, and what makes it unique. */
const POSITION = /^[0-9]{16}(#[0-9a-f]{16}#[0-9]{8})?$/
/** A step that is on its way for longer is looked for, and taken anew with a later place in the feed where it is not there. */
const STAMP_MS = 1_500
/** By how much a place in the feed may be ahead: another process, whose clock is, gave it. */
const MAX_SKEW_MS = 60_000
const MAX_PAGE = 100
/** Tasks that one page of `list` reads whole to tell their state. */
const MAX_RECORDS = 1_000
/** Entries of an index fetched at once from one of its partitions, where many may not fit. */
const ENTRIES = 500

/**
 * Tasks as items of their own, with an item a step; README.md has their shapes. A task covers a range of its log, so that a message's task is found by
 * its position: packing writes nothing a message.
 *
 * `list` and `stale` read indexes, which follow a moment later; what they return is read anew from the tasks themselves.
 */
export class DynamoTaskStore implements TaskStore {
  readonly #table: StateTable
  readonly #log: LogReader
  readonly #clock: Clock
  readonly #telemetry: Pick<Telemetry, 'log'>
  readonly #settleMs: number
  readonly #maxEntries: number
  readonly #listeners = new Set<Listener>()

  /**
   * @param options.settleMs how old a step is before the feed shows it, default 3,000: longer than the clocks of writers differ, and their writes and the
   * index take
   * @param options.maxEntries entries of an index that one page of `stale` or `list` looks at, default 5,000
   */
  constructor(
    modules: {
      readonly table: StateTable
      readonly log: LogReader
      readonly clock: Clock
      readonly telemetry: Pick<Telemetry, 'log'>
    },
    options: { readonly settleMs?: number; readonly maxEntries?: number } = {},
  ) {
    this.#table = modules.table
    this.#log = modules.log
    this.#clock = modules.clock
    this.#telemetry = modules.telemetry
    this.#settleMs = options.settleMs ?? 3_000
    this.#maxEntries = options.maxEntries ?? 5_000
  }

  async cursor(log: LogId): Promise<LogPosition> {
    const item = await this.#table.get(stateKeys.log(log))
    return item === null ? 0 : (read.optional(item, 'cursor', read.int) ?? 0)
  }

  async nextSequence(project: ProjectId, sequencer: Address): Promise<number> {
    const item = await this.#table.get(stateKeys.sequence(project, sequencer))
    return item === null ? 1 : read.int(item, 'last') + 1
  }

  async passSequences(project: ProjectId, sequencer: Address, last: number): Promise<void> {
    await this.#table.update({
      key: stateKeys.sequence(project, sequencer),
      update: 'SET #last = :last',
      condition: 'attribute_not_exists(#last) OR #last < :last',
      values: { ':last': int(last) },
    })
  }

  async create(next: NewTask): Promise<boolean> {
    if (next.upTo <= next.after) return false
    const [first] = next.messageIds
    if (first === undefined) throw new InvalidInputError({ field: 'messageIds', problem: 'has no message' })
    const entry: StateLogEntry = { state: 'packed', at: next.at, actor: 'sequencer', reason: '', result: null }
    const record: TaskRecord = {
      id: next.id,
      task: next.task,
      vmType: next.vmType,
      salt: next.salt,
      trace: traceIdOf(first),
      state: 'packed',
      createdAt: next.at,
      updatedAt: next.at,
      taskSignature: null,
      assignment: null,
      proof: null,
      result: null,
      settlement: null,
      tries: 0,
      failure: null,
    }
    const mark = crypto.randomUUID()
    const created = await contend(async () => {
      const done = await this.#table.transact(this.#creation(next, record, entry, mark), STAMP_MS)
      if (done.type === 'done') return { value: true }
      // An attempt whose answer was lost may have been ours.
      if (await this.#isOurs(next.id, 0, mark)) return { value: true }
      return done.type === 'refused' ? { value: false } : { again: 'the task was not written', cause: done.error }
    })
    if (created) this.#tell(next.id, entry, next.task.projectId)
    return created
  }

  async get(id: TaskId): Promise<TaskRecord | null> {
    const item = await this.#table.get(stateKeys.task(id))
    return item === null ? null : readTask(item)
  }

  async byNumber(project: ProjectId, number: bigint): Promise<TaskRecord | null> {
    if (number < 0n || number >= 1n << 53n) return null
    const found = await fromAsync(
      this.#table.read({
        keys: '#pk = :pk AND begins_with(#sk, :number)',
        values: { ':pk': text(stateKeys.numbers(project)), ':number': text(stateKeys.number(number, '')) },
      }),
    )
    const records = await this.#records(found.map((item) => idAtEnd(read.text(item, 'sk'))))
    return records.sort((a, b) => a.createdAt - b.createdAt)[0] ?? null
  }

  async membership(id: MessageId): Promise<Membership | null> {
    const place = await this.#log.positionOf(id)
    if (place === null) return null
    const ranges = this.#table.read({
      keys: '#pk = :pk AND #sk >= :position',
      values: {
        ':pk': text(stateKeys.ranges(place.log)),
        ':position': text(stateKeys.range(place.log, place.position).sk),
      },
      page: 1,
    })
    for await (const range of ranges) {
      const after = read.int(range, 'after')
      if (place.position <= after) return null
      const ids = await this.#log.idsBetween(place.log, after, read.int(range, 'upTo'))
      const index = ids.indexOf(id)
      return index === -1 ? null : { task: taskId(read.text(range, 'task')), messageId: id, index }
    }
    return null
  }

  async members(id: TaskId): Promise<MessageId[]> {
    const item = await this.#table.get(stateKeys.task(id))
    if (item === null) return []
    const log = { projectId: projectId(read.text(item, 'p')), version: read.text(item, 'v') }
    return this.#log.idsBetween(log, read.int(item, 'after'), read.int(item, 'upTo'))
  }

  async states(id: TaskId): Promise<StateLogEntry[]> {
    const lines = await fromAsync(
      this.#table.read({
        keys: '#pk = :pk AND begins_with(#sk, :step)',
        values: { ':pk': text(stateKeys.steps(id)), ':step': text('step#') },
      }),
    )
    return lines.map(readEntry)
  }

  async list(filter: {
    readonly projectId?: ProjectId
    readonly state?: TaskState
    readonly limit: number
    readonly before?: TaskId
  }): Promise<TaskPage> {
    const { state, limit } = filter
    let before: string | null = null
    if (filter.before !== undefined) {
      const item = await this.#table.get(stateKeys.task(filter.before))
      if (item === null) return { tasks: [], next: null }
      const order = byState(filter) ? stateKeys.shortPackedOrder : stateKeys.packedOrder
      before = order(read.int(item, 'ca'), filter.before)
    }
    const found: TaskRecord[] = []
    const wanted = Math.max(1, Math.min(MAX_PAGE, limit))
    const { projectId: project } = filter
    const looked = new Looked(
      this.#newestFirst(filter, before, wanted),
      (entry) => project === undefined || entry.project === null || entry.project === project.toString(),
      byState(filter) ? this.#maxEntries : Math.min(this.#maxEntries, MAX_RECORDS),
    )
    for await (const group of inGroups(looked, wanted)) {
      const records = await this.#records(group.map(({ id }) => id))
      found.push(...records.filter((record) => state === undefined || record.state === state))
      if (found.length >= limit) break
    }
    const tasks = found.slice(0, limit)
    return { tasks, next: (tasks.length === limit ? tasks.at(-1)?.id : looked.cut?.id) ?? null }
  }

  async stale(state: TaskState, until: number, limit: number, after: string | null): Promise<StalePage> {
    const oldestFirst = mergeOrdered(
      stateKeys.allInState(state).map((partition) =>
        this.#table.read({
          index: 'state',
          keys: after === null ? '#os = :os' : '#os = :os AND #oa > :after',
          values: { ':os': text(partition), ...(after === null ? {} : { ':after': text(after) }) },
          page: Math.min(ENTRIES, this.#maxEntries, limit),
        }),
      ),
      (a, b) => read.text(a, 'oa') < read.text(b, 'oa'),
    )
    const looked = new Looked<Item>(oldestFirst, (item) => read.int(item, 'at') <= until, this.#maxEntries)
    const found: TaskRecord[] = []
    for await (const group of inGroups(looked, Math.max(1, Math.min(MAX_PAGE, limit)))) {
      const records = await this.#records(group.map(idOf))
      found.push(...records.filter((record) => record.state === state && record.updatedAt <= until))
      if (found.length >= limit) break
    }
    const tasks = found.slice(0, limit)
    const last = tasks.at(-1)
    if (tasks.length === limit && last !== undefined)
      return { tasks, next: stateKeys.shortPackedOrder(last.createdAt, last.id) }
    return { tasks, next: looked.cut === null ? null : read.text(looked.cut, 'oa') }
  }

  async advance(
    id: TaskId,
    step: TaskStep,
    log: { readonly at: number; readonly actor: string; readonly reason: string },
  ): Promise<TaskRecord> {
    const reason = shortReason(log.reason)
    const mark = crypto.randomUUID()
    /** The last attempt, while nobody knows what became of it. */
    let tried: { readonly steps: number; readonly record: TaskRecord; readonly entry: StateLogEntry } | null = null
    const { record, entry } = await contend(async () => {
      const item = await this.#table.get(stateKeys.task(id))
      if (item === null) throw new TaskNotFoundError({ task: id })
      const steps = read.int(item, 'steps')
      if (tried !== null && steps > tried.steps && (await this.#isOurs(id, tried.steps, mark))) return { value: tried }
      if ('replay' in step && item.exp !== undefined) throw new PayloadsExpiredError({ task: id })
      const before = readTask(item)
      const held = { token: leaseToken(item), held: item.lh !== undefined }
      const { record, lease, result } = takeStep(before, held, step, { at: log.at, reason })
      const entry: StateLogEntry = { state: record.state, at: log.at, actor: log.actor, reason, result }
      const done = await this.#table.transact(
        [
          {
            type: 'update',
            key: stateKeys.task(id),
            ...changes(before, record, { steps, free: !lease.held, step, token: held.token }),
          },
          { type: 'put', item: this.#line(record, steps, entry, mark), condition: NEW },
        ],
        STAMP_MS,
      )
      if (done.type === 'done') return { value: { record, entry } }
      tried = { steps, record, entry }
      if (done.type === 'unknown') return { again: 'the step was not written', cause: done.error }
      return (await this.#isOurs(id, steps, mark)) ? { value: tried } : { again: 'another step came first' }
    })
    this.#tell(id, entry, record.task.projectId)
    return record
  }

  async note(
    id: TaskId,
    token: bigint,
    log: { readonly at: number; readonly actor: string; readonly reason: string },
  ): Promise<void> {
    const mark = crypto.randomUUID()
    let tried: { readonly steps: number; readonly record: TaskRecord; readonly entry: StateLogEntry } | null = null
    const { record, entry } = await contend(async () => {
      const item = await this.#table.get(stateKeys.task(id))
      if (item === null) throw new TaskNotFoundError({ task: id })
      const steps = read.int(item, 'steps')
      if (tried !== null && steps > tried.steps && (await this.#isOurs(id, tried.steps, mark))) return { value: tried }
      if (leaseToken(item) !== token || item.lh === undefined) throw new StaleLeaseError({ task: id, token })
      const record = readTask(item)
      const reason = shortReason(log.reason)
      const entry: StateLogEntry = { state: record.state, at: log.at, actor: log.actor, reason, result: null }
      const done = await this.#table.transact(
        [
          {
            type: 'update',
            key: stateKeys.task(id),
            update: 'SET #steps = :steps',
            condition: '#steps = :before AND #lt = :token AND attribute_exists(#lh)',
            values: { ':steps': int(steps + 1), ':before': int(steps), ':token': { N: token.toString() } },
          },
          { type: 'put', item: this.#line(record, steps, entry, mark), condition: NEW },
        ],
        STAMP_MS,
      )
      if (done.type === 'done') return { value: { record, entry } }
      tried = { steps, record, entry }
      if (done.type === 'unknown') return { again: 'the line was not written', cause: done.error }
      return (await this.#isOurs(id, steps, mark)) ? { value: tried } : { again: 'a step came first' }
    })
    this.#tell(id, entry, record.task.projectId)
  }

  async countTry(id: TaskId, reason: string): Promise<number> {
    const mark = crypto.randomUUID()
    const key = stateKeys.task(id)
    const after = await this.#table.update({
      key,
      update: 'SET #tries = #tries + :one, #problem = :problem, #try = :mark',
      condition: 'attribute_exists(#pk) AND (attribute_not_exists(#try) OR #try <> :mark)',
      values: { ':one': int(1), ':problem': text(shortReason(reason, MAX_PROBLEM)), ':mark': text(mark) },
    })
    // Refused where there is no task, and where the answer to ours was lost.
    const item = after ?? (await this.#table.get(key))
    if (item === null) throw new TaskNotFoundError({ task: id })
    return read.int(item, 'tries')
  }

  async lease(id: TaskId, holder: string, now: number, ttlMs: number): Promise<Lease | null> {
    const until = now + ttlMs
    const after = await this.#table.update({
      key: stateKeys.task(id),
      update: 'SET #lh = :holder, #lu = :until ADD #lt :one',
      condition: '#st = :assigned AND (attribute_not_exists(#lh) OR #lh = :holder OR #lu <= :now)',
      values: {
        ':assigned': text('assigned'),
        ':holder': text(holder),
        ':until': int(until),
        ':now': int(now),
        ':one': int(1),
      },
    })
    return after === null ? null : { token: leaseToken(after), until }
  }

  async leaseUntil(id: TaskId): Promise<number | null> {
    const item = await this.#table.get(stateKeys.task(id))
    return item?.lh === undefined ? null : read.int(item, 'lu')
  }

  async renew(id: TaskId, token: bigint, now: number, ttlMs: number): Promise<Lease> {
    const until = now + ttlMs
    const after = await this.#table.update({
      key: stateKeys.task(id),
      update: 'SET #lu = :until',
      condition: '#st = :assigned AND #lt = :token AND attribute_exists(#lh) AND #lu > :now',
      values: {
        ':assigned': text('assigned'),
        ':token': { N: token.toString() },
        ':until': int(until),
        ':now': int(now),
      },
    })
    if (after === null) throw new StaleLeaseError({ task: id, token })
    return { token, until }
  }

  async release(id: TaskId, token: bigint): Promise<void> {
    await this.#table.update({
      key: stateKeys.task(id),
      update: 'REMOVE #lh, #lu',
      condition: '#lt = :token',
      values: { ':token': { N: token.toString() } },
    })
  }

  async feed(after: string | null, limit: number): Promise<FeedPage> {
    const now = this.#clock.now()
    const horizon = stateKeys.time(now - this.#settleMs)
    // Of a reader whose clock is no clock of ours, or made up: it would wait for that time to come.
    const isToCome = after !== null && after > stateKeys.time(now + MAX_SKEW_MS)
    if (after === null || isToCome || !POSITION.test(after)) return { entries: [], next: horizon }
    if (after >= horizon) return { entries: [], next: after }
    const steps = mergeOrdered(
      stateKeys.allOfFeed().map((partition) =>
        this.#table.read({
          index: 'feed',
          keys: '#fs = :fs AND #fp BETWEEN :after AND :horizon',
          values: { ':fs': text(partition), ':after': text(after), ':horizon': text(horizon) },
          page: limit + 1,
        }),
      ),
      (a, b) => read.text(a, 'fp') < read.text(b, 'fp'),
    )
    const entries: FeedEntry[] = []
    for await (const item of steps) {
      const position = read.text(item, 'fp')
      if (position === after) continue
      entries.push({
        position,
        taskId: idOf(item),
        projectId: projectId(read.text(item, 'p')),
        entry: readEntry(item),
      })
      if (entries.length === limit) return { entries, next: position }
    }
    return { entries, next: horizon }
  }

  /** Tells of the steps that this store took; those of other processes are in the feed. */
  watch(listener: Listener): () => void {
    const own: Listener = (...step) => listener(...step)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  #tell(...step: Parameters<Listener>): void {
    for (const listener of this.#listeners) {
      try {
        listener(...step)
      } catch (error) {
        // The step is durable whatever a view makes of it.
        this.#telemetry.log('error', 'a view of task steps failed', { error: String(error) })
      }
    }
  }

  /** Whether a line of the state log was written by the caller who drew this mark. */
  async #isOurs(id: TaskId, step: number, mark: string): Promise<boolean> {
    const line = await this.#table.get(stateKeys.step(id, step))
    return line !== null && read.text(line, 'mark') === mark
  }

  async #records(ids: readonly TaskId[]): Promise<TaskRecord[]> {
    const items = await this.#table.getMany(ids.map(stateKeys.task))
    return items.filter((item) => item !== null).map(readTask)
  }

  /** @param wanted tasks of the page @returns what an index says of tasks; `project` is null where all are of the project asked for */
  #newestFirst(
    filter: ListFilter,
    before: string | null,
    wanted: number,
  ): AsyncIterable<{ readonly id: TaskId; readonly project: string | null }> {
    const { projectId: project, state } = filter
    const [index, hash, order] = byState(filter) ? ['state', 'os', 'oa'] : ['list', 'lp', 'la']
    const partitions = byState(filter)
      ? stateKeys.allInState(filter.state)
      : project === undefined
        ? stateKeys.allOfDeployment()
        : [stateKeys.ofProject(project)]
    const isMixed = byState(filter) && project !== undefined
    const page = isMixed
      ? Math.min(ENTRIES, this.#maxEntries)
      : state !== undefined && !byState(filter)
        ? MAX_PAGE
        : wanted
    const sources = partitions.map((partition) =>
      this.#table.read({
        index,
        keys: before === null ? `#${hash} = :partition` : `#${hash} = :partition AND #${order} < :before`,
        page,
        values: { ':partition': text(partition), ...(before === null ? {} : { ':before': text(before) }) },
        descending: true,
      }),
    )
    return mapAsync(
      mergeOrdered(sources, (a, b) => read.text(a, order) > read.text(b, order)),
      (item) => ({
        id: index === 'list' ? idAtEnd(read.text(item, order)) : idOf(item),
        project: isMixed ? read.text(item, 'p') : null,
      }),
    )
  }

  #creation(next: NewTask, record: TaskRecord, entry: StateLogEntry, mark: string): Write[] {
    const { id, log, after, upTo, at } = next
    const { projectId: project, sequencer, number } = next.task
    const order = stateKeys.packedOrder(at, id)
    const previous = Number(number & SEQUENCE) - 1
    const move = (name: string, from: number) => ({
      update: `SET #${name} = :to`,
      condition: `${from === 0 ? `attribute_not_exists(#${name}) OR ` : ''}#${name} = :from`,
    })
    return [
      {
        type: 'update',
        key: stateKeys.log(log),
        ...move('cursor', after),
        values: { ':from': int(after), ':to': int(upTo) },
      },
      {
        type: 'update',
        key: stateKeys.sequence(project, sequencer),
        ...move('last', previous),
        values: { ':from': int(previous), ':to': int(previous + 1) },
      },
      {
        type: 'put',
        item: {
          ...keyItem(stateKeys.task(id)),
          ...writeTask(record),
          ...present(writeProgress(record)),
          ca: int(at),
          steps: int(1),
          lt: int(0),
          after: int(after),
          upTo: int(upTo),
          os: text(stateKeys.inState('packed', id)),
          oa: text(stateKeys.shortPackedOrder(at, id)),
        },
        condition: NEW,
      },
      { type: 'put', item: this.#line(record, 0, entry, mark), condition: NEW },
      {
        type: 'put',
        item: {
          ...keyItem(stateKeys.range(log, upTo)),
          task: text(id),
          after: int(after),
          upTo: int(upTo),
          packedAt: int(at),
          lp: text(stateKeys.ofProject(project)),
          la: text(order),
        },
      },
      {
        type: 'put',
        item: {
          ...keyItem({ pk: stateKeys.numbers(project), sk: stateKeys.number(number, id) }),
          lp: text(stateKeys.ofDeployment(id)),
          la: text(order),
        },
      },
    ]
  }

  #line({ id, task }: TaskRecord, step: number, entry: StateLogEntry, mark: string): Item {
    if (entry.result !== null && entry.result.length > MAX_RESULT)
      throw new InvalidInputError({ field: 'result', problem: `has more than ${MAX_RESULT} characters` })
    return {
      ...keyItem(stateKeys.step(id, step)),
      st: text(entry.state),
      at: int(entry.at),
      actor: text(entry.actor),
      reason: text(entry.reason),
      ...(entry.result === null ? {} : { result: text(entry.result) }),
      p: text(task.projectId.toString()),
      mark: text(mark),
      fs: text(stateKeys.feed(id)),
      fp: text(stateKeys.place(this.#clock.now(), id, step)),
    }
  }
}

/** Most tasks of a project end `finalized`: those are found sooner among its own than among all that did. */
const byState = <T extends ListFilter>(filter: T): filter is T & { readonly state: TaskState } =>
  filter.state !== undefined && !(filter.state === 'finalized' && filter.projectId !== undefined)

const keyItem = ({ pk, sk }: Key): Item => ({ pk: text(pk), sk: text(sk) })
const leaseToken = (item: Item): bigint => BigInt(item.lt?.N ?? 0)
const idAtEnd = (key: string): TaskId => taskId(key.slice(-66))

const readEntry = (line: Item): StateLogEntry => ({
  state: read.text(line, 'st') as TaskState,
  at: read.int(line, 'at'),
  actor: read.text(line, 'actor'),
  reason: read.text(line, 'reason'),
  result: read.optional(line, 'result', read.text),
})

/** The update of a task by one step, refused where another step, or the lease that it needs, came between. */
function changes(
  before: TaskRecord,
  record: TaskRecord,
  p: { readonly steps: number; readonly free: boolean; readonly step: TaskStep; readonly token: bigint },
): Condition & { readonly update: string } {
  const { tries, ...progress } = writeProgress(record)
  const all: Readonly<Record<string, AttributeValue | null | undefined>> = {
    ...progress,
    // A try that is counted meanwhile stays counted.
    ...(record.tries === before.tries ? {} : { tries }),
    ...(p.free ? { lh: null, lu: null } : {}),
    os: text(stateKeys.inState(record.state, record.id)),
    steps: int(p.steps + 1),
  }
  const set = Object.entries(all).filter(([, value]) => value !== null)
  const remove = Object.keys(all).filter((name) => all[name] === null)
  const byToken = 'token' in p.step && p.step.token !== undefined
  return {
    update: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}${
      remove.length === 0 ? '' : ` REMOVE ${remove.map((name) => `#${name}`).join(', ')}`
    }`,
    condition: [
      '#steps = :before',
      ...(byToken ? ['#lt = :token', 'attribute_exists(#lh)'] : []),
      ...('replay' in p.step ? ['attribute_not_exists(#exp)'] : []),
    ].join(' AND '),
    values: {
      ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
      ':before': int(p.steps),
      ...(byToken ? { ':token': { N: p.token.toString() } } : {}),
    },
  }
}

const present = (attributes: Readonly<Record<string, AttributeValue | null>>): Item =>
  Object.fromEntries(Object.entries(attributes).flatMap(([name, value]) => (value === null ? [] : [[name, value]])))

async function fromAsync<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of source) all.push(one)
  return all
}

async function* mapAsync<T, R>(source: AsyncIterable<T>, map: (item: T) => R): AsyncGenerator<R> {
  for await (const one of source) yield map(one)
}

/** @param first size of the first group: whoever reads on after it left much of it out, so that each is twice as large, up to what one call takes */
async function* inGroups<T>(source: AsyncIterable<T>, first: number): AsyncGenerator<T[]> {
  let size = first
  let group: T[] = []
  for await (const one of source) {
    group.push(one)
    if (group.length < size) continue
    yield group
    group = []
    size = Math.min(MAX_PAGE, 2 * size)
  }
  if (group.length > 0) yield group
}

/** What fits of a source, as long as it takes a look at no more than so many. */
class Looked<T> implements AsyncIterable<T> {
  /** The last that was looked at, where there was more to look at; null otherwise. */
  cut: T | null = null
  readonly #source: AsyncIterable<T>
  readonly #fits: (one: T) => boolean
  readonly #most: number

  constructor(source: AsyncIterable<T>, fits: (one: T) => boolean, most: number) {
    this.#source = source
    this.#fits = fits
    this.#most = most
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    let looked = 0
    for await (const one of this.#source) {
      if (this.#fits(one)) yield one
      if (++looked < this.#most) continue
      this.cut = one
      return
    }
  }
}
