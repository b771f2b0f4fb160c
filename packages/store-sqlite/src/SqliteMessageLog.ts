import { createHash } from 'node:crypto'
import type {
  Append,
  Appended,
  BlobStore,
  Expirable,
  ExportRecord,
  LoggedMessage,
  LogId,
  LogPosition,
  MessageLog,
  WaitingLog,
} from '@w3bstream/core/ports'
import {
  CorruptBlobError,
  type Did,
  type Envelope,
  fromHex,
  type Hash,
  hash,
  type Message,
  type MessageAuth,
  type MessageId,
  messageId,
  messageIdBytes,
  type ProjectId,
  projectId,
  type TaskId,
  taskId,
  toHex,
} from '@w3bstream/protocol'
import { column, type Row, toInt64 } from './column.ts'
import type { Database } from './Database.ts'
import { SmallIds } from './SmallIds.ts'

/** UTF-8 bytes up to which a payload lies in its row; larger ones lie in the blob store. */
const INLINE_BYTES = 8_192
/** Large payloads that are written or read at one time. */
const BLOBS_AT_ONCE = 16

/** A message ready to be bound to statements. */
interface Draft {
  readonly entry: Append
  readonly id: Uint8Array
  readonly hash: Uint8Array
  readonly signature: Uint8Array | null
  readonly size: number
  /** Names (project, principal, key). */
  readonly key: Uint8Array | null
}

const INSERT = `INSERT INTO messages (id, log, auth, device, nonce, place, size, hash, signature, received_at, payload)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
const ENVELOPE = `SELECT m.position, m.id, CAST(l.project AS TEXT) AS project, l.version, m.auth, d.did, CAST(m.nonce AS TEXT) AS nonce,
  m.hash, m.signature, m.received_at`
const FROM = 'FROM messages m JOIN logs l ON l.id = m.log LEFT JOIN devices d ON d.id = m.device'
const COLUMNS = `${ENVELOPE}, m.place, m.size, m.payload ${FROM}`
const PLACE = 'SELECT position, id, log, hash FROM messages'
/** Of tasks t: their payloads may be deleted. */
const ENDED = `t.expired = 0 AND t.state IN ('finalized', 'failed')`

/**
 * Messages in one table; the row id is the log position.
 *
 * Invariant: positions are given and committed in one order, by the one writer that the data directory's lock allows, each within a
 * single callback; rows are never deleted. So nothing ever appears behind a position that was read.
 */
export class SqliteMessageLog implements MessageLog {
  readonly #db: Database
  readonly #payloads: BlobStore
  readonly #logs: SmallIds
  readonly #devices: SmallIds
  /** Large payloads between their blob and their row. */
  readonly #arriving = new Map<string, number>()
  /** A payload being deleted; a large payload waits for it, or it would lose its blob. */
  #deleting: Promise<void> = Promise.resolve()

  /** @param payloads kept for this log alone: retention deletes from it */
  constructor(db: Database, payloads: BlobStore) {
    this.#db = db
    this.#payloads = payloads
    this.#logs = new SmallIds(db, 'logs')
    this.#devices = new SmallIds(db, 'devices')
  }

  async append(entries: readonly Append[]): Promise<Appended[]> {
    if (entries.length === 0) return []
    const drafts = entries.map(draft)
    const large = drafts.filter((one) => one.size > INLINE_BYTES)
    if (large.length === 0) return this.#insertAll(drafts)
    await this.#deleting
    for (const { entry } of large) this.#count(entry.message.payloadHash, 1)
    try {
      await inGroups(large, ({ entry }) => this.#payloads.put(Buffer.from(entry.message.payload)))
      return await this.#insertAll(drafts)
    } finally {
      for (const { entry } of large) this.#count(entry.message.payloadHash, -1)
    }
  }

  async read(
    log: LogId,
    after: LogPosition,
    limit: { readonly count: number; readonly bytes: number },
  ): Promise<LoggedMessage[]> {
    const rows = this.#db.read(() => {
      const id = this.#logs.find(log.projectId, log.version)
      const rows: Row[] = []
      if (id === null) return rows
      let bytes = 0
      const found = this.#db.sql(`${COLUMNS} WHERE m.log = ? AND m.position > ? ORDER BY m.position LIMIT ?`)
      for (const row of found.iterate(id, after, limit.count)) {
        bytes += column.int(row, 'size')
        if (bytes > limit.bytes && rows.length > 0) break
        rows.push(row)
      }
      return rows
    })
    return inGroups(rows, async (row) => ({
      position: column.int(row, 'position'),
      message: await this.#message(row),
    }))
  }

  async get(id: MessageId): Promise<Message | null> {
    const row = this.#db.read(() => this.#db.sql(`${COLUMNS} WHERE m.id = ?`).get(messageIdBytes(id)))
    return row === undefined ? null : this.#message(row)
  }

  async getMany(ids: readonly MessageId[]): Promise<Message[]> {
    const statement = this.#db.sql(`${COLUMNS} WHERE m.id = ?`)
    const rows = this.#db.read(() => ids.map((id) => statement.get(messageIdBytes(id))))
    return inGroups(
      rows.filter((row) => row !== undefined),
      (row) => this.#message(row),
    )
  }

  async envelopes(ids: readonly MessageId[]): Promise<Envelope[]> {
    const statement = this.#db.sql(`${ENVELOPE} ${FROM} WHERE m.id = ?`)
    const rows = this.#db.read(() => ids.map((id) => statement.get(messageIdBytes(id))))
    return rows.filter((row) => row !== undefined).map(envelopeOf)
  }

  async logs(): Promise<LogId[]> {
    return this.#db.read(() =>
      this.#db.sql('SELECT CAST(project AS TEXT) AS project, version FROM logs').all().map(logOf),
    )
  }

  async waiting(cap: number): Promise<WaitingLog[]> {
    return this.#db.read(() => {
      const logs = this.#db
        .sql(
          `SELECT l.id, CAST(l.project AS TEXT) AS project, l.version, l.cursor FROM logs l
           WHERE EXISTS (SELECT 1 FROM messages m WHERE m.log = l.id AND m.position > l.cursor)`,
        )
        .all()
      const counted = this.#db.sql(
        `SELECT count(*) AS count, sum(size) AS bytes, min(received_at) AS oldest FROM
         (SELECT size, received_at FROM messages WHERE log = ? AND position > ? ORDER BY position LIMIT ?)`,
      )
      return logs.map((log): WaitingLog => {
        const row = counted.get(column.int(log, 'id'), column.int(log, 'cursor'), Math.max(1, cap)) ?? {}
        return {
          log: logOf(log),
          count: column.int(row, 'count'),
          bytes: column.int(row, 'bytes'),
          oldestAt: column.int(row, 'oldest'),
        }
      })
    })
  }

  async legacySeen(project: ProjectId, device: string, payloadHash: string): Promise<boolean> {
    return this.#db.read(() => {
      const id = this.#devices.find(project, device)
      const found = this.#db.sql(
        `SELECT 1 AS seen FROM messages WHERE device = ? AND hash = ? AND auth = 'legacy' LIMIT 1`,
      )
      return id !== null && found.get(id, fromHex(payloadHash)) !== undefined
    })
  }

  async expirable(
    log: LogId,
    before: number,
    limit: { readonly count: number; readonly bytes: number },
  ): Promise<Expirable[]> {
    const found = this.#db.read(() => {
      const id = this.#logs.find(log.projectId, log.version)
      if (id === null) return []
      const message = this.#db.sql(`${COLUMNS} WHERE m.id = ?`)
      const tasks = this.#db.sql(
        `SELECT t.id, c.members FROM tasks t JOIN task_contents c ON c.task = t.seq
         WHERE t.log = ? AND t.created_at < ? AND ${ENDED} ORDER BY t.created_at, t.seq`,
      )
      const found: { readonly task: TaskId; readonly rows: readonly Row[] }[] = []
      let left = { ...limit }
      for (const task of tasks.iterate(id, before)) {
        const rows = membersOf(task)
          .map((member) => message.get(member))
          .filter((row) => row !== undefined)
        const bytes = rows.reduce((sum, row) => sum + column.int(row, 'size'), 0)
        left = { count: left.count - rows.length, bytes: left.bytes - bytes }
        if (found.length > 0 && (left.count < 0 || left.bytes < 0)) break
        found.push({ task: taskId(toHex(column.bytes(task, 'id'))), rows })
      }
      return found
    })
    const expirable: Expirable[] = []
    for (const { task, rows } of found)
      expirable.push({ task, messages: await inGroups(rows, (row) => this.#message(row)) })
    return expirable
  }

  async expire(tasks: readonly TaskId[], to: ExportRecord): Promise<number> {
    const deleted = await this.#db.write(() => {
      const count = tasks.reduce((sum, task) => sum + this.#expireTask(task), 0)
      if (count > 0)
        this.#db
          .sql(
            'INSERT INTO exports (log, blob, bytes, messages, oldest_at, newest_at, at) VALUES (?, ?, ?, ?, ?, ?, ?)',
          )
          .run(
            this.#logs.make(to.log.projectId, to.log.version),
            fromHex(to.blob),
            to.bytes,
            to.messages,
            to.oldestAt,
            to.newestAt,
            to.at,
          )
      return count
    })
    await this.#dropPayloads()
    return deleted
  }

  async exports(project: ProjectId): Promise<ExportRecord[]> {
    const rows = this.#db.read(() =>
      this.#db
        .sql(
          `SELECT CAST(l.project AS TEXT) AS project, l.version, e.blob, e.bytes, e.messages, e.oldest_at, e.newest_at, e.at
           FROM exports e JOIN logs l ON l.id = e.log WHERE l.project = ? ORDER BY e.id`,
        )
        .all(toInt64(project)),
    )
    return rows.map((row) => ({
      log: logOf(row),
      blob: hash(toHex(column.bytes(row, 'blob'))),
      bytes: column.int(row, 'bytes'),
      messages: column.int(row, 'messages'),
      oldestAt: column.int(row, 'oldest_at'),
      newestAt: column.int(row, 'newest_at'),
      at: column.int(row, 'at'),
    }))
  }

  /** @returns how many payloads it deleted; 0 where the task is not ended */
  #expireTask(id: TaskId): number {
    const task = this.#db
      .sql(`SELECT t.seq, c.members FROM tasks t JOIN task_contents c ON c.task = t.seq WHERE t.id = ? AND ${ENDED}`)
      .get(fromHex(id))
    if (task === undefined) return 0
    const find = this.#db.sql(`SELECT position, place, hash FROM messages WHERE id = ? AND place <> 'expired'`)
    const forget = this.#db.sql(`UPDATE messages SET place = 'expired', payload = NULL WHERE position = ?`)
    const drop = this.#db.sql('INSERT OR IGNORE INTO dropped_payloads (hash) VALUES (?)')
    let count = 0
    for (const member of membersOf(task)) {
      const row = find.get(member)
      if (row === undefined) continue
      forget.run(column.int(row, 'position'))
      if (column.text(row, 'place') === 'blob') drop.run(column.bytes(row, 'hash'))
      count++
    }
    this.#db.sql('UPDATE tasks SET expired = 1 WHERE seq = ?').run(column.int(task, 'seq'))
    return count
  }

  /** Deletes payload files that no message needs any more. */
  async #dropPayloads(): Promise<void> {
    const dropped = this.#db.read(() => this.#db.sql('SELECT hash FROM dropped_payloads').all())
    for (const row of dropped) {
      const bytes = column.bytes(row, 'hash')
      const payload = hash(toHex(bytes))
      const needed = this.#db.read(() =>
        this.#db.sql(`SELECT 1 AS needed FROM messages WHERE hash = ? AND place = 'blob' LIMIT 1`).get(bytes),
      )
      if (needed === undefined) {
        // Its message may be refused: the next call decides.
        if (this.#arriving.has(payload)) continue
        const deletion = this.#payloads.delete(payload)
        // A deletion that fails is its caller's trouble; messages only wait for its end.
        this.#deleting = deletion.catch(() => {})
        await deletion
      }
      await this.#db.write(() => this.#db.sql('DELETE FROM dropped_payloads WHERE hash = ?').run(bytes))
    }
  }

  #insertAll(drafts: readonly Draft[]): Promise<Appended[]> {
    // Everything that may be refused was refused in `draft`, so no savepoint is needed.
    return this.#db.write(() => drafts.map((one) => this.#insert(one)), { savepoint: false })
  }

  #insert(one: Draft): Appended {
    const { message } = one.entry
    const log = this.#logs.make(message.projectId, message.version)
    if (one.key !== null) {
      const known = this.#db
        .sql(
          'SELECT m.position, m.id, m.log, m.hash FROM message_keys k JOIN messages m USING (position) WHERE k.key = ?',
        )
        .get(one.key)
      if (known !== undefined) return compare(known, log, one, 'key')
    }
    const device = message.device === null ? null : this.#devices.make(message.projectId, message.device)
    if (one.entry.unique === 'legacy') {
      const known = this.#db
        .sql(`${PLACE} WHERE device = ? AND hash = ? AND auth = 'legacy' LIMIT 1`)
        .get(device, one.hash)
      if (known !== undefined) return { type: 'conflict', on: 'legacy', id: idOf(known) }
    }
    const nonce = message.nonce === null ? null : toInt64(message.nonce)
    const inline = one.size <= INLINE_BYTES
    const inserted = this.#db
      .sql(INSERT)
      .run(
        one.id,
        log,
        message.auth,
        device,
        nonce,
        inline ? 'row' : 'blob',
        one.size,
        one.hash,
        one.signature,
        message.receivedAt,
        inline ? message.payload : null,
      )
    if (inserted.changes === 1) {
      if (one.key !== null) this.#bindKey(one.key, Number(inserted.lastInsertRowid))
      return { type: 'appended', id: message.id }
    }
    const byNonce = this.#db.sql(`${PLACE} WHERE device = ? AND nonce = ?`).get(device, nonce)
    const existing = byNonce ?? this.#db.sql(`${PLACE} WHERE id = ?`).get(one.id) ?? {}
    const outcome = compare(existing, log, one, byNonce === undefined ? 'key' : 'nonce')
    if (one.key !== null && outcome.type === 'duplicate') this.#bindKey(one.key, column.int(existing, 'position'))
    return outcome
  }

  #bindKey(key: Uint8Array, position: number): void {
    this.#db.sql('INSERT INTO message_keys (key, position) VALUES (?, ?)').run(key, position)
  }

  #count(payload: Hash, by: 1 | -1): void {
    const count = (this.#arriving.get(payload) ?? 0) + by
    if (count === 0) this.#arriving.delete(payload)
    else this.#arriving.set(payload, count)
  }

  async #message(row: Row): Promise<Message> {
    const envelope = envelopeOf(row)
    return { ...envelope, payload: await this.#payload(row, envelope.payloadHash) }
  }

  async #payload(row: Row, payloadHash: Hash): Promise<string> {
    const place = column.text(row, 'place')
    if (place === 'expired') return ''
    if (place === 'row') return column.text(row, 'payload')
    const bytes = await this.#payloads.get(payloadHash)
    if (bytes === null) throw new CorruptBlobError({ hash: payloadHash })
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  }
}

function envelopeOf(row: Row): Envelope {
  return {
    id: idOf(row),
    ...logOf(row),
    auth: column.text(row, 'auth') as MessageAuth,
    device: column.nullable(row, 'did', column.text) as Did | null,
    nonce: column.nullable(row, 'nonce', column.uint64),
    payloadHash: hash(toHex(column.bytes(row, 'hash'))),
    signature: column.nullable(row, 'signature', (of, name) => toHex(column.bytes(of, name))),
    receivedAt: column.int(row, 'received_at'),
  }
}

function logOf(row: Row): LogId {
  return { projectId: projectId(column.uint64(row, 'project')), version: column.text(row, 'version') }
}

/** Message ids of a task's row, 16 bytes each. */
function membersOf(task: Row): Uint8Array[] {
  const all = column.bytes(task, 'members')
  return Array.from({ length: all.length / 16 }, (_, i) => all.subarray(i * 16, i * 16 + 16))
}

function draft(entry: Append): Draft {
  const { message, idempotency } = entry
  return {
    entry,
    id: messageIdBytes(message.id),
    hash: fromHex(message.payloadHash),
    signature: message.signature === null ? null : fromHex(message.signature),
    size: Buffer.byteLength(message.payload),
    key: idempotency === null ? null : keyOf(message.projectId, idempotency.principal, idempotency.key),
  }
}

/** 16 bytes of a hash over length-prefixed fields. */
function keyOf(project: ProjectId, principal: string, key: string): Uint8Array {
  return createHash('sha256')
    .update(JSON.stringify([project.toString(), principal, key]))
    .digest()
    .subarray(0, 16)
}

function compare(existing: Row, log: number, one: Draft, on: 'nonce' | 'key'): Appended {
  const id = idOf(existing)
  const same = column.int(existing, 'log') === log && Buffer.compare(column.bytes(existing, 'hash'), one.hash) === 0
  return same ? { type: 'duplicate', id } : { type: 'conflict', on, id }
}

function idOf(row: Row): MessageId {
  const hex = Buffer.from(column.bytes(row, 'id')).toString('hex')
  return messageId(`${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`)
}

/** Maps in order, so many at a time. */
async function inGroups<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const out: R[] = []
  for (let at = 0; at < items.length; at += BLOBS_AT_ONCE)
    out.push(...(await Promise.all(items.slice(at, at + BLOBS_AT_ONCE).map(map))))
  return out
}
