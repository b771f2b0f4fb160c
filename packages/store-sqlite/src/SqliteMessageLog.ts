import { createHash } from 'node:crypto'
import type {
  Append,
  Appended,
  BlobStore,
  LoggedMessage,
  LogId,
  LogPosition,
  MessageLog,
  WaitingLog,
} from '@w3bstream/core/ports'
import {
  CorruptBlobError,
  type Did,
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
const COLUMNS = `SELECT m.position, m.id, CAST(l.project AS TEXT) AS project, l.version, m.auth, d.did, CAST(m.nonce AS TEXT) AS nonce,
  m.place, m.size, m.hash, m.signature, m.received_at, m.payload
  FROM messages m JOIN logs l ON l.id = m.log LEFT JOIN devices d ON d.id = m.device`
const PLACE = 'SELECT position, id, log, hash FROM messages'

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

  /** @param payloads kept for this log alone: `expire` deletes from it */
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
          log: { projectId: projectId(column.uint64(log, 'project')), version: column.text(log, 'version') },
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

  /**
   * Deletes the payloads of a project's messages whose tasks were packed before a time and have ended (`finalized`, `failed`). Ids, digests
   * and roots stay, so receipts still check; such a message reads with an empty payload.
   * @returns how many payloads were deleted
   */
  async expire(project: ProjectId, before: number): Promise<number> {
    let expired = 0
    for (;;) {
      const task = this.#db.read(() =>
        this.#db
          .sql(
            `SELECT t.seq, c.members FROM tasks t JOIN task_contents c ON c.task = t.seq
             WHERE t.project = ? AND t.created_at < ? AND t.expired = 0 AND t.state IN ('finalized', 'failed') LIMIT 1`,
          )
          .get(toInt64(project), before),
      )
      if (task === undefined) return expired
      const gone = await this.#db.write(() => this.#expireTask(column.int(task, 'seq'), column.bytes(task, 'members')))
      expired += gone.count
      for (const blob of gone.blobs) await this.#dropPayload(blob)
    }
  }

  #expireTask(task: number, members: Uint8Array): { readonly count: number; readonly blobs: Hash[] } {
    const blobs: Hash[] = []
    let count = 0
    const find = this.#db.sql(`SELECT position, place, hash FROM messages WHERE id = ? AND place <> 'expired'`)
    const forget = this.#db.sql(`UPDATE messages SET place = 'expired', payload = NULL WHERE position = ?`)
    for (let at = 0; at < members.length; at += 16) {
      const row = find.get(members.subarray(at, at + 16))
      if (row === undefined) continue
      forget.run(column.int(row, 'position'))
      if (column.text(row, 'place') === 'blob') blobs.push(hash(toHex(column.bytes(row, 'hash'))))
      count++
    }
    this.#db.sql('UPDATE tasks SET expired = 1 WHERE seq = ?').run(task)
    return { count, blobs }
  }

  /** Deletes a payload that no message needs any more. */
  async #dropPayload(payload: Hash): Promise<void> {
    const needed = this.#db.read(() =>
      this.#db.sql(`SELECT 1 AS needed FROM messages WHERE hash = ? AND place = 'blob' LIMIT 1`).get(fromHex(payload)),
    )
    if (needed !== undefined || this.#arriving.has(payload)) return
    this.#deleting = this.#payloads.delete(payload)
    await this.#deleting
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
    const payloadHash = hash(toHex(column.bytes(row, 'hash')))
    return {
      id: idOf(row),
      projectId: projectId(column.uint64(row, 'project')),
      version: column.text(row, 'version'),
      auth: column.text(row, 'auth') as MessageAuth,
      device: column.nullable(row, 'did', column.text) as Did | null,
      nonce: column.nullable(row, 'nonce', column.uint64),
      payload: await this.#payload(row, payloadHash),
      payloadHash,
      signature: column.nullable(row, 'signature', (of, name) => toHex(column.bytes(of, name))),
      receivedAt: column.int(row, 'received_at'),
    }
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
