import { once } from 'node:events'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { StoreUnavailableError } from '@w3bstream/protocol'
import { FLAG } from './CheckpointOptions.ts'
import { migrate } from './migrate.ts'
import { toStoreError } from './toStoreError.ts'

/** How to open a database. */
export interface DatabaseOptions {
  readonly path: string
  /** Migrations, oldest first; the file's format is how many of them it has seen. */
  readonly migrations: readonly string[]
  /** Limits the database's size, in pages of 4 KiB. Default: the disk. */
  readonly maxPages?: number
}

interface Job {
  /** Runs inside the turn's transaction and keeps what it returned. */
  readonly run: () => void
  readonly savepoint: boolean
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
  /** Why it alone was refused. */
  refused: { readonly error: unknown } | null
}

/** Jobs of one transaction: bounds how long the event loop stands still. */
const MAX_TURN = 1024
/** Jobs that may wait: beyond it callers are turned away instead of filling the memory. */
const MAX_WAITING = 65_536
const CHECKPOINT_EVERY_MS = 20
const RESTART_PAGES = 8_192

/**
 * One SQLite file with one writer, this one. Writes that are asked for within two turns of the event loop share a transaction and its fsync.
 *
 * The transaction begins and ends within one callback, so that reads, which go through the same connection, see committed rows only.
 */
export class Database {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #flags = new Int32Array(new SharedArrayBuffer(12))
  readonly #onRollback: (() => void)[] = []
  #worker: Worker | null = null
  #jobs: Job[] = []
  #turn: Promise<void> | null = null
  #closed = false

  private constructor(db: DatabaseSync) {
    this.#db = db
  }

  /** Opens or creates the file and brings it to the newest format. @throws {StoreUnavailableError} @throws {StoreFormatError} */
  static open(options: DatabaseOptions): Database {
    let db: DatabaseSync | null = null
    try {
      db = new DatabaseSync(options.path, { timeout: 5_000 })
      db.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;
        PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864; PRAGMA wal_autocheckpoint=0`)
      migrate(db, options.path, options.migrations)
      if (options.maxPages !== undefined) db.exec(`PRAGMA max_page_count=${Math.trunc(options.maxPages)}`)
      const database = new Database(db)
      database.#startCheckpoints(options.path)
      return database
    } catch (error) {
      db?.close()
      throw toStoreError(error)
    }
  }

  /** @returns the statement for this text, compiled once. @throws {StoreUnavailableError} after close */
  sql(text: string): StatementSync {
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      if (!this.#db.isOpen) throw new StoreUnavailableError({ reason: 'it is closed' })
      statement = this.#db.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }

  /** Runs statements that only read. @throws {StoreUnavailableError} */
  read<T>(run: () => T): T {
    if (this.#closed) throw new StoreUnavailableError({ reason: 'it is closed' })
    try {
      return run()
    } catch (error) {
      throw toStoreError(error)
    }
  }

  /**
   * Runs statements in this turn's transaction; resolves when they are durable.
   * @param run synchronous; may be refused by throwing, which undoes what it did and leaves its neighbours alone
   * @param options `savepoint: false` for a job that throws only before its first write, or not at all: it is cheaper
   * @throws {StoreUnavailableError} nothing was written; the same call may succeed later
   */
  write<T>(run: () => T, options: { readonly savepoint?: boolean } = {}): Promise<T> {
    if (this.#closed) return Promise.reject(new StoreUnavailableError({ reason: 'it is closed' }))
    if (this.#jobs.length >= MAX_WAITING)
      return Promise.reject(new StoreUnavailableError({ reason: 'too many writes wait' }))
    return new Promise<T>((resolve, reject) => {
      let value: T
      this.#jobs.push({
        run: () => {
          value = run()
        },
        savepoint: options.savepoint ?? true,
        resolve: () => resolve(value),
        reject,
        refused: null,
      })
      this.#schedule()
    })
  }

  /** Calls back whenever written rows were undone: what was remembered about them is void. */
  onRollback(listener: () => void): void {
    this.#onRollback.push(listener)
  }

  /** Writes what was asked for, checkpoints and closes. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    while (this.#turn !== null) await this.#turn
    if (this.#worker !== null) {
      this.#worker.ref()
      const exit = once(this.#worker, 'exit')
      for (const flag of [FLAG.stop, FLAG.dirty]) Atomics.store(this.#flags, flag, 1)
      for (const flag of [FLAG.stop, FLAG.dirty, FLAG.restart]) Atomics.notify(this.#flags, flag)
      await exit
    }
    this.#statements.clear()
    try {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch {
      // The WAL holds everything that was acknowledged; the next open reads it.
    }
    this.#db.close()
  }

  #schedule(): void {
    this.#turn ??= new Promise((done) => {
      const run = (): void => {
        this.#turn = null
        this.#runTurn()
        if (this.#jobs.length > 0) this.#schedule()
        done()
      }
      // One turn of the event loop more than it takes: what arrived meanwhile is read in it and shares the fsync.
      setImmediate(() => setImmediate(run))
    })
  }

  #runTurn(): void {
    const jobs = this.#jobs.splice(0, MAX_TURN)
    try {
      if (Atomics.load(this.#flags, FLAG.restart) === 1) this.#restartWal()
      this.sql('BEGIN IMMEDIATE').run()
      for (const job of jobs) this.#runJob(job, jobs.length === 1)
      this.sql('COMMIT').run()
    } catch (error) {
      this.#undo('ROLLBACK')
      const reason = toStoreError(error)
      for (const job of jobs) job.reject(job.refused === null ? reason : job.refused.error)
      return
    }
    if (this.#worker !== null && Atomics.exchange(this.#flags, FLAG.dirty, 1) === 0)
      Atomics.notify(this.#flags, FLAG.dirty)
    for (const job of jobs) {
      if (job.refused === null) job.resolve()
      else job.reject(job.refused.error)
    }
  }

  /** @throws what ends the whole turn: the storage failed, or the job that is alone in it was refused */
  #runJob(job: Job, alone: boolean): void {
    const savepoint = job.savepoint && !alone
    if (savepoint) this.sql('SAVEPOINT job').run()
    try {
      job.run()
    } catch (error) {
      const mapped = toStoreError(error)
      if (alone || mapped instanceof StoreUnavailableError || !this.#db.isTransaction) throw error
      if (savepoint) this.#undo('ROLLBACK TO job')
      job.refused = { error: mapped }
    }
    if (savepoint) this.sql('RELEASE job').run()
  }

  #undo(statement: string): void {
    if (this.#db.isTransaction) this.sql(statement).run()
    for (const listener of this.#onRollback) listener()
  }

  #restartWal(): void {
    try {
      this.sql('PRAGMA wal_checkpoint(RESTART)').get()
    } finally {
      Atomics.store(this.#flags, FLAG.restart, 0)
      Atomics.notify(this.#flags, FLAG.restart)
    }
  }

  #startCheckpoints(path: string): void {
    this.#worker = new Worker(new URL('./checkpointThread.ts', import.meta.url), {
      workerData: { path, flags: this.#flags, everyMs: CHECKPOINT_EVERY_MS, restartPages: RESTART_PAGES },
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
      execArgv: [],
    })
    this.#worker.unref()
    this.#worker.on('error', () => {
      // Without the thread the WAL would only grow: SQLite then copies it by itself, in the writer's time.
      this.#worker = null
      if (!this.#closed) this.#db.exec('PRAGMA wal_autocheckpoint=1000')
    })
  }
}
