import type { Clock, DeadLetter, Delivery, Queue } from '@w3bstream/core/ports'
import { InvalidInputError } from '@w3bstream/protocol'
import { column, type Row } from './column.ts'
import type { Database } from './Database.ts'

/** Hints are small: they name durable state. */
const MAX_BODY_BYTES = 262_144
/** Longest wait that one timer may stand for. */
const MAX_TIMER_MS = 60_000

const SEND = `INSERT INTO hints (queue, body, visible_at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET
  again_at = CASE WHEN held THEN min(coalesce(again_at, excluded.visible_at), excluded.visible_at) END,
  visible_at = CASE WHEN receive_count = 0 THEN min(visible_at, excluded.visible_at) ELSE visible_at END`
/** A hint that is done with: back into view where it was sent again meanwhile, else gone. */
const AGAIN = `UPDATE hints SET visible_at = again_at, again_at = NULL, held = 0, delivery = delivery + 1, receive_count = 0
  WHERE id = ? AND delivery = ? AND again_at IS NOT NULL RETURNING body`
const DONE = 'DELETE FROM hints WHERE id = ? AND delivery = ? RETURNING body'

/**
 * One named queue in a table. Receivers sleep until a hint is sent in this process or until the next hidden one comes into view; nobody polls.
 *
 * Equal hints are one: sent again while it waits, it stays one; sent again while a receiver has it, it comes again after that. So a queue is
 * never longer than there are things to hint at, however often a reconciler repeats itself.
 */
export class SqliteQueue implements Queue {
  readonly #db: Database
  readonly #name: string
  readonly #clock: Clock
  /** Receivers that found nothing, longest waiting first. */
  readonly #sleepers = new Set<() => void>()

  constructor(db: Database, name: string, clock: Clock) {
    this.#db = db
    this.#name = name
    this.#clock = clock
  }

  async send(body: string, options: { readonly delayMs?: number } = {}): Promise<void> {
    if (Buffer.byteLength(body) > MAX_BODY_BYTES)
      throw new InvalidInputError({ field: 'hint', problem: `is larger than ${MAX_BODY_BYTES} bytes` })
    const visibleAt = this.#clock.now() + (options.delayMs ?? 0)
    await this.#write(() => this.#insert(body, visibleAt))
    this.#wakeOne()
  }

  async receive(p: {
    readonly max: number
    readonly visibilityMs: number
    readonly waitMs: number
    readonly signal?: AbortSignal
  }): Promise<Delivery[]> {
    const deadline = performance.now() + p.waitMs
    for (;;) {
      if (p.signal?.aborted === true) return []
      const deliveries = await this.#claim(p.max, p.visibilityMs)
      if (deliveries.length > 0) return deliveries
      const left = deadline - performance.now()
      if (left <= 0) return []
      await this.#sleep(left, p.signal)
    }
  }

  async ack(handle: string): Promise<void> {
    const named = parseHandle(handle)
    if (named === null) return
    await this.#write(() => this.#finish(named))
    this.#wakeOne()
  }

  async extend(handle: string, visibilityMs: number): Promise<void> {
    const until = this.#clock.now() + visibilityMs
    await this.#settle(handle, 'UPDATE hints SET visible_at = ?3 WHERE id = ?1 AND delivery = ?2', until)
  }

  async retry(handle: string, delayMs: number): Promise<void> {
    const at = this.#clock.now() + delayMs
    await this.#settle(
      handle,
      `UPDATE hints SET visible_at = ?3, again_at = NULL, held = 0, delivery = delivery + 1
       WHERE id = ?1 AND delivery = ?2`,
      at,
    )
    this.#wakeOne()
  }

  async bury(handle: string, reason: string): Promise<void> {
    const named = parseHandle(handle)
    if (named === null) return
    const at = this.#clock.now()
    await this.#db.write(() => {
      const row = this.#finish(named)
      if (row === undefined) return
      this.#db
        .sql('INSERT INTO dead_letters (queue, body, reason, at) VALUES (?, ?, ?, ?)')
        .run(this.#name, column.text(row, 'body'), reason, at)
    })
    this.#wakeOne()
  }

  async deadLetters(limit: number): Promise<DeadLetter[]> {
    return this.#db.read(() =>
      this.#db
        .sql('SELECT id, body, reason, at FROM dead_letters WHERE queue = ? ORDER BY id DESC LIMIT ?')
        .all(this.#name, limit)
        .map((row) => ({
          id: String(column.int(row, 'id')),
          body: column.text(row, 'body'),
          reason: column.text(row, 'reason'),
          at: column.int(row, 'at'),
        })),
    )
  }

  async redrive(id: string): Promise<boolean> {
    if (!/^[0-9]{1,15}$/.test(id)) return false
    const now = this.#clock.now()
    const sent = await this.#db.write(() => {
      const row = this.#db
        .sql('DELETE FROM dead_letters WHERE id = ? AND queue = ? RETURNING body')
        .get(Number(id), this.#name)
      if (row !== undefined) this.#insert(column.text(row, 'body'), now)
      return row !== undefined
    })
    if (sent) this.#wakeOne()
    return sent
  }

  async depth(): Promise<number> {
    return this.#db.read(() =>
      column.int(this.#db.sql('SELECT count(*) AS depth FROM hints WHERE queue = ?').get(this.#name) ?? {}, 'depth'),
    )
  }

  #insert(body: string, visibleAt: number): void {
    this.#db.sql(SEND).run(this.#name, body, visibleAt)
  }

  #finish(handle: Handle): Row | undefined {
    const { id, delivery } = handle
    return this.#db.sql(AGAIN).get(id, delivery) ?? this.#db.sql(DONE).get(id, delivery)
  }

  async #claim(max: number, visibilityMs: number): Promise<Delivery[]> {
    const due = this.#db.sql('SELECT 1 AS due FROM hints WHERE queue = ? AND visible_at <= ? LIMIT 1')
    if (this.#db.read(() => due.get(this.#name, this.#clock.now())) === undefined) return []
    return this.#write(() => {
      const now = this.#clock.now()
      return this.#db
        .sql(
          `UPDATE hints SET visible_at = ?1, held = 1, again_at = NULL, delivery = delivery + 1, receive_count = receive_count + 1 WHERE id IN
           (SELECT id FROM hints WHERE queue = ?2 AND visible_at <= ?3 ORDER BY visible_at, id LIMIT ?4)
           RETURNING id, delivery, receive_count, body`,
        )
        .all(now + visibilityMs, this.#name, now, max)
        .map((row) => ({
          body: column.text(row, 'body'),
          handle: `${column.int(row, 'id')}.${column.int(row, 'delivery')}`,
          receiveCount: column.int(row, 'receive_count'),
        }))
    })
  }

  async #settle(handle: string, sql: string, ...more: readonly number[]): Promise<void> {
    const named = parseHandle(handle)
    if (named !== null) await this.#write(() => this.#db.sql(sql).run(named.id, named.delivery, ...more))
  }

  #write<T>(run: () => T): Promise<T> {
    // Single statements: SQLite undoes one that fails.
    return this.#db.write(run, { savepoint: false })
  }

  #wakeOne(): void {
    for (const wake of this.#sleepers) {
      wake()
      return
    }
  }

  /** Until a hint may be there, at most `ms`. */
  #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const next = this.#db.read(() =>
      this.#db.sql('SELECT min(visible_at) AS next FROM hints WHERE queue = ?').get(this.#name),
    )
    const nextAt = next === undefined ? null : column.nullable(next, 'next', column.int)
    const untilNext = nextAt === null ? MAX_TIMER_MS : Math.max(1, nextAt - this.#clock.now())
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', wake)
        this.#sleepers.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, Math.min(ms, untilNext, MAX_TIMER_MS))
      this.#sleepers.add(wake)
      if (signal?.aborted === true) wake()
      else signal?.addEventListener('abort', wake)
    })
  }
}

interface Handle {
  readonly id: number
  readonly delivery: number
}

function parseHandle(handle: string): Handle | null {
  const parts = /^([0-9]{1,15})\.([0-9]{1,15})$/.exec(handle)
  return parts === null ? null : { id: Number(parts[1]), delivery: Number(parts[2]) }
}
