import {
  bigintJson,
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
  takeStep,
} from '@w3bstream/core/ports'
import {
  type Address,
  concatBytes,
  fromHex,
  IllegalTransitionError,
  type Membership,
  type MessageId,
  messageId,
  messageIdBytes,
  type ProjectId,
  projectId,
  StaleLeaseError,
  type StateLogEntry,
  type TaskId,
  TaskNotFoundError,
  type TaskRecord,
  type TaskState,
  taskId,
  toHex,
} from '@w3bstream/protocol'
import { column, type Row, toInt64 } from './column.ts'
import type { Database } from './Database.ts'
import { SmallIds } from './SmallIds.ts'
import { type TaskContent, taskRecordOf } from './taskColumns.ts'

type Listener = Parameters<TaskStore['watch']>[0]

/** For jobs that are refused before they write anything. */
const NO_SAVEPOINT = { savepoint: false }
// Not `t.*`: a project id may not fit a JavaScript number.
const RECORD = `SELECT t.seq, t.id, t.state, t.created_at, t.updated_at, t.steps, t.tries, t.failure, t.lease_token, t.lease_holder, t.expired,
  t.task_signature, t.assignment, t.proof, t.result, t.settlement, c.content, substr(c.members, 1, 16) AS first
  FROM tasks t JOIN task_contents c ON c.task = t.seq`
/** Low bits of a task's number that count; the others come from the sequencer's address. */
const SEQUENCE = 0xffff_ffffn

/**
 * Tasks in tables. A task covers a range of its log, so that a message's task is found by its position: packing writes nothing a message
 * but its id.
 */
export class SqliteTaskStore implements TaskStore {
  readonly #db: Database
  readonly #logs: SmallIds
  readonly #listeners = new Set<Listener>()

  constructor(db: Database) {
    this.#db = db
    this.#logs = new SmallIds(db, 'logs')
  }

  async cursor(log: LogId): Promise<LogPosition> {
    return this.#db.read(() => {
      const id = this.#logs.find(log.projectId, log.version)
      return id === null ? 0 : this.#cursor(id)
    })
  }

  async nextSequence(project: ProjectId, sequencer: Address): Promise<number> {
    return this.#db.read(() => this.#lastSequence(project, sequencer) + 1)
  }

  async passSequences(project: ProjectId, sequencer: Address, last: number): Promise<void> {
    await this.#db.write(() => this.#useSequence(project, sequencer, last))
  }

  async create(next: NewTask): Promise<boolean> {
    const id = fromHex(next.id)
    const content: TaskContent = { task: next.task, vmType: next.vmType, salt: next.salt }
    const members = concatBytes(...next.messageIds.map(messageIdBytes))
    const entry: StateLogEntry = { state: 'packed', at: next.at, actor: 'sequencer', reason: '', result: null }
    const { projectId, sequencer, number } = next.task
    const sequence = Number(number & SEQUENCE)
    const created = await this.#db.write(() => {
      const log = this.#logs.make(next.log.projectId, next.log.version)
      if (this.#cursor(log) !== next.after || next.upTo <= next.after) return false
      if (this.#lastSequence(projectId, sequencer) + 1 !== sequence) return false
      this.#db.sql('UPDATE logs SET cursor = ? WHERE id = ?').run(next.upTo, log)
      this.#useSequence(projectId, sequencer, sequence)
      const { lastInsertRowid: seq } = this.#db
        .sql(
          `INSERT INTO tasks (id, log, up_to, project, number, state, created_at, updated_at, steps)
           VALUES (?, ?, ?, ?, ?, 'packed', ?, ?, 1)`,
        )
        .run(id, log, next.upTo, toInt64(projectId), number, next.at, next.at)
      this.#db
        .sql('INSERT INTO task_contents (task, content, members) VALUES (?, ?, ?)')
        .run(seq, bigintJson.write(content), members)
      this.#addState(Number(seq), 0, entry)
      return true
    })
    if (created) this.#tell(next.id, entry, projectId)
    return created
  }

  async get(id: TaskId): Promise<TaskRecord | null> {
    const row = this.#db.read(() => this.#row(id))
    return row === undefined ? null : taskRecordOf(row)
  }

  async byNumber(project: ProjectId, number: bigint): Promise<TaskRecord | null> {
    const row = this.#db.read(() =>
      this.#db
        .sql(`${RECORD} WHERE t.project = ? AND t.number = ? ORDER BY t.seq LIMIT 1`)
        .get(toInt64(project), toInt64(number)),
    )
    return row === undefined ? null : taskRecordOf(row)
  }

  async membership(id: MessageId): Promise<Membership | null> {
    const wanted = messageIdBytes(id)
    return this.#db.read(() => {
      const row = this.#db
        .sql(
          `SELECT t.id, c.members FROM messages m JOIN tasks t ON t.log = m.log AND t.up_to >= m.position
           JOIN task_contents c ON c.task = t.seq WHERE m.id = ? ORDER BY t.up_to LIMIT 1`,
        )
        .get(wanted)
      if (row === undefined) return null
      const index = memberIndex(column.bytes(row, 'members'), wanted)
      return index === null ? null : { task: taskId(toHex(column.bytes(row, 'id'))), messageId: id, index }
    })
  }

  async members(id: TaskId): Promise<MessageId[]> {
    const row = this.#db.read(() =>
      this.#db
        .sql('SELECT c.members FROM tasks t JOIN task_contents c ON c.task = t.seq WHERE t.id = ?')
        .get(fromHex(id)),
    )
    if (row === undefined) return []
    const hex = Buffer.from(column.bytes(row, 'members')).toString('hex')
    return Array.from({ length: hex.length / 32 }, (_, i) => {
      const at = i * 32
      const part = (from: number, to: number): string => hex.slice(at + from, at + to)
      return messageId(`${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`)
    })
  }

  async states(id: TaskId): Promise<StateLogEntry[]> {
    const rows = this.#db.read(() =>
      this.#db
        .sql(
          `SELECT s.state, s.at, s.actor, s.reason, s.result FROM task_states s JOIN tasks t ON t.seq = s.task
           WHERE t.id = ? ORDER BY s.step`,
        )
        .all(fromHex(id)),
    )
    return rows.map(entryOf)
  }

  async feed(after: string | null, limit: number): Promise<FeedPage> {
    const from = after !== null && /^[0-9]{1,15}$/.test(after) ? Number(after) : null
    return this.#db.read(() => {
      const newest = this.#db.sql('SELECT max(position) AS position FROM task_states').get() ?? {}
      const last = column.nullable(newest, 'position', column.int) ?? 0
      // Places beyond the last are of a store that this one was restored from.
      if (from === null || from >= last) return { entries: [], next: String(last) }
      const rows = this.#db
        .sql(
          `SELECT s.position, s.state, s.at, s.actor, s.reason, s.result, t.id,
           CAST(t.project AS TEXT) AS project FROM task_states s JOIN tasks t ON t.seq = s.task WHERE s.position > ? ORDER BY s.position LIMIT ?`,
        )
        .all(from, limit)
      const entries = rows.map(
        (row): FeedEntry => ({
          position: String(column.int(row, 'position')),
          taskId: taskId(toHex(column.bytes(row, 'id'))),
          projectId: projectId(column.uint64(row, 'project')),
          entry: entryOf(row),
        }),
      )
      return { entries, next: entries.at(-1)?.position ?? String(last) }
    })
  }

  async list(filter: {
    readonly projectId?: ProjectId
    readonly state?: TaskState
    readonly limit: number
    readonly before?: TaskId
  }): Promise<TaskPage> {
    const where: string[] = []
    const values: (string | bigint | Uint8Array)[] = []
    if (filter.projectId !== undefined) {
      where.push('t.project = ?')
      values.push(toInt64(filter.projectId))
    }
    if (filter.state !== undefined) {
      where.push('t.state = ?')
      values.push(filter.state)
    }
    if (filter.before !== undefined) {
      where.push('t.seq < (SELECT seq FROM tasks WHERE id = ?)')
      values.push(fromHex(filter.before))
    }
    const clause = where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`
    const tasks = this.#db
      .read(() => this.#db.sql(`${RECORD}${clause} ORDER BY t.seq DESC LIMIT ?`).all(...values, filter.limit))
      .map(taskRecordOf)
    return { tasks, next: tasks.length < filter.limit ? null : (tasks.at(-1)?.id ?? null) }
  }

  async stale(state: TaskState, until: number, limit: number, after: string | null): Promise<StalePage> {
    const [at = -1, seq = -1] = after === null ? [] : after.split(':').map(Number)
    const rows = this.#db.read(() =>
      this.#db
        .sql(
          `${RECORD} WHERE t.state = ? AND t.updated_at <= ? AND (t.updated_at, t.seq) > (?, ?) ORDER BY t.updated_at, t.seq LIMIT ?`,
        )
        .all(state, until, at, seq, limit),
    )
    const last = rows.length < limit ? undefined : rows.at(-1)
    const next = last === undefined ? null : `${column.int(last, 'updated_at')}:${column.int(last, 'seq')}`
    return { tasks: rows.map(taskRecordOf), next }
  }

  async advance(
    id: TaskId,
    step: TaskStep,
    log: { readonly at: number; readonly actor: string; readonly reason: string },
  ): Promise<TaskRecord> {
    const { record, entry } = await this.#db.write(() => {
      const row = this.#row(id)
      if (row === undefined) throw new TaskNotFoundError({ task: id })
      if ('replay' in step && column.int(row, 'expired') === 1) throw new PayloadsExpiredError({ task: id })
      const before = taskRecordOf(row)
      const held = row.lease_holder !== null
      const token = column.int(row, 'lease_token')
      const { record, lease, result } = takeStep(before, { token: BigInt(token), held }, step, log)
      const seq = column.int(row, 'seq')
      const { changes } = this.#db
        .sql(
          `UPDATE tasks SET state = ?, updated_at = ?, steps = steps + 1, tries = ?, failure = ?, lease_token = ?,
           lease_holder = CASE WHEN ? THEN lease_holder END, task_signature = ?, assignment = ?, proof = ?, result = ?, settlement = ?
           WHERE seq = ? AND state = ? AND lease_token = ?`,
        )
        .run(
          record.state,
          record.updatedAt,
          record.tries,
          record.failure,
          lease.token,
          lease.held ? 1 : 0,
          record.taskSignature,
          jsonOrNull(record.assignment),
          jsonOrNull(record.proof),
          jsonOrNull(record.result),
          jsonOrNull(record.settlement),
          seq,
          before.state,
          token,
        )
      if (changes !== 1) throw new IllegalTransitionError({ task: id, from: before.state, to: step.to })
      const entry: StateLogEntry = { state: record.state, at: log.at, actor: log.actor, reason: log.reason, result }
      this.#addState(seq, column.int(row, 'steps'), entry)
      return { record, entry }
    }, NO_SAVEPOINT)
    this.#tell(id, entry, record.task.projectId)
    return record
  }

  async note(
    id: TaskId,
    token: bigint,
    log: { readonly at: number; readonly actor: string; readonly reason: string },
  ): Promise<void> {
    const { project, entry } = await this.#db.write(() => {
      const row = this.#db
        .sql(
          `UPDATE tasks SET steps = steps + 1 WHERE id = ? AND lease_token = ? AND lease_holder IS NOT NULL
           RETURNING seq, steps, state, CAST(project AS TEXT) AS project`,
        )
        .get(fromHex(id), token)
      if (row === undefined) {
        if (this.#db.sql('SELECT 1 FROM tasks WHERE id = ?').get(fromHex(id)) === undefined)
          throw new TaskNotFoundError({ task: id })
        throw new StaleLeaseError({ task: id, token })
      }
      const state = column.text(row, 'state') as TaskState
      const entry: StateLogEntry = {
        state,
        at: log.at,
        actor: log.actor,
        reason: shortReason(log.reason),
        result: null,
      }
      this.#addState(column.int(row, 'seq'), column.int(row, 'steps') - 1, entry)
      return { project: projectId(column.uint64(row, 'project')), entry }
    })
    this.#tell(id, entry, project)
  }

  async countTry(id: TaskId, reason: string): Promise<number> {
    return this.#db.write(() => {
      const row = this.#db
        .sql('UPDATE tasks SET tries = tries + 1, problem = ? WHERE id = ? RETURNING tries')
        .get(reason, fromHex(id))
      if (row === undefined) throw new TaskNotFoundError({ task: id })
      return column.int(row, 'tries')
    }, NO_SAVEPOINT)
  }

  async lease(id: TaskId, holder: string, now: number, ttlMs: number): Promise<Lease | null> {
    const until = now + ttlMs
    return this.#db.write(() => {
      const row = this.#db
        .sql(
          `UPDATE tasks SET lease_token = lease_token + 1, lease_holder = ?1, lease_until = ?2
           WHERE id = ?3 AND state = 'assigned' AND (lease_holder IS NULL OR lease_holder = ?1 OR lease_until <= ?4)
           RETURNING lease_token`,
        )
        .get(holder, until, fromHex(id), now)
      return row === undefined ? null : { token: BigInt(column.int(row, 'lease_token')), until }
    }, NO_SAVEPOINT)
  }

  async leaseUntil(id: TaskId): Promise<number | null> {
    const row = this.#db.read(() =>
      this.#db.sql('SELECT lease_until FROM tasks WHERE id = ? AND lease_holder IS NOT NULL').get(fromHex(id)),
    )
    return row === undefined ? null : column.int(row, 'lease_until')
  }

  async renew(id: TaskId, token: bigint, now: number, ttlMs: number): Promise<Lease> {
    const until = now + ttlMs
    return this.#db.write(() => {
      const { changes } = this.#db
        .sql(
          `UPDATE tasks SET lease_until = ? WHERE id = ? AND lease_token = ? AND lease_holder IS NOT NULL AND lease_until > ?
           AND state = 'assigned'`,
        )
        .run(until, fromHex(id), token, now)
      if (changes !== 1) throw new StaleLeaseError({ task: id, token })
      return { token, until }
    }, NO_SAVEPOINT)
  }

  async release(id: TaskId, token: bigint): Promise<void> {
    await this.#db.write(() =>
      this.#db.sql('UPDATE tasks SET lease_holder = NULL WHERE id = ? AND lease_token = ?').run(fromHex(id), token),
    )
  }

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
        process.emitWarning(error instanceof Error ? error : String(error))
      }
    }
  }

  #row(id: TaskId): Row | undefined {
    return this.#db.sql(`${RECORD} WHERE t.id = ?`).get(fromHex(id))
  }

  #cursor(log: number): LogPosition {
    const row = this.#db.sql('SELECT cursor FROM logs WHERE id = ?').get(log)
    return row === undefined ? 0 : column.int(row, 'cursor')
  }

  #lastSequence(project: ProjectId, sequencer: Address): number {
    const row = this.#db
      .sql('SELECT last FROM sequences WHERE project = ? AND sequencer = ?')
      .get(toInt64(project), sequencer)
    return row === undefined ? 0 : column.int(row, 'last')
  }

  #useSequence(project: ProjectId, sequencer: Address, last: number): void {
    this.#db
      .sql(
        `INSERT INTO sequences (project, sequencer, last) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET last = max(last, excluded.last)`,
      )
      .run(toInt64(project), sequencer, last)
  }

  #addState(seq: number, step: number, entry: StateLogEntry): void {
    this.#db
      .sql('INSERT INTO task_states (task, step, state, at, actor, reason, result) VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(seq, step, entry.state, entry.at, entry.actor, entry.reason, entry.result)
  }
}

const jsonOrNull = (value: unknown): string | null => (value === null ? null : bigintJson.write(value))

const entryOf = (row: Row): StateLogEntry => ({
  state: column.text(row, 'state') as TaskState,
  at: column.int(row, 'at'),
  actor: column.text(row, 'actor'),
  reason: column.text(row, 'reason'),
  result: column.nullable(row, 'result', column.text),
})

function memberIndex(members: Uint8Array, wanted: Uint8Array): number | null {
  const all = Buffer.from(members.buffer, members.byteOffset, members.length)
  for (let at = all.indexOf(wanted); at !== -1; at = all.indexOf(wanted, at + 1)) {
    if (at % 16 === 0) return at / 16
  }
  return null
}
