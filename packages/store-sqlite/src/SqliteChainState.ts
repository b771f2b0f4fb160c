import type { Attempt, ChainState, Cursor, NonceRow } from '@w3bstream/core/ports'
import {
  type Address,
  address,
  fromHex,
  hash,
  InvalidInputError,
  type ProjectId,
  type ProjectRecord,
  projectId,
  type TaskId,
  taskId,
  toHex,
} from '@w3bstream/protocol'
import { column, type Row, toInt64 } from './column.ts'
import type { Database } from './Database.ts'

const PROJECT = 'SELECT CAST(id AS TEXT) AS id, uri, hash, paused, owner, block FROM projects'
const NONCE = 'SELECT n.id, n.chain, n.account, n.nonce, n.status, n.created_at FROM nonces n'

/** Nonces, attempts, cursors and registry records in tables. Chain ids, blocks and wei lie as decimal text: they may pass 64 bits. */
export class SqliteChainState implements ChainState {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async cursor(name: string): Promise<Cursor | null> {
    const row = this.#db.read(() => this.#db.sql('SELECT block, hash FROM cursors WHERE name = ?').get(name))
    return row === undefined ? null : { block: BigInt(column.text(row, 'block')), hash: hash(column.text(row, 'hash')) }
  }

  async advanceCursor(name: string, cursor: Cursor, projects: readonly ProjectRecord[]): Promise<void> {
    await this.#db.write(() => {
      for (const record of projects) this.#putProject(record)
      this.#db
        .sql(
          `INSERT INTO cursors (name, block, hash) VALUES (?, ?, ?)
           ON CONFLICT DO UPDATE SET block = excluded.block, hash = excluded.hash`,
        )
        .run(name, cursor.block.toString(), cursor.hash)
    })
  }

  async project(id: ProjectId): Promise<ProjectRecord | null> {
    const row = this.#db.read(() => this.#db.sql(`${PROJECT} WHERE id = ?`).get(toInt64(id)))
    return row === undefined ? null : projectOf(row)
  }

  async saveProject(record: ProjectRecord): Promise<void> {
    await this.#db.write(() => this.#putProject(record))
  }

  async projects(): Promise<ProjectRecord[]> {
    const records = this.#db.read(() => this.#db.sql(PROJECT).all()).map(projectOf)
    return records.sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  async allocate(p: {
    readonly chainId: bigint
    readonly account: Address
    readonly tasks: readonly TaskId[]
    readonly chainNext: number
    readonly at: number
  }): Promise<NonceRow | null> {
    return this.#db.write(() => {
      const busy = this.#db.sql(
        `SELECT 1 AS busy FROM nonce_tasks t JOIN nonces n ON n.id = t.nonce
         WHERE t.task = ? AND n.status IN ('live', 'filled') LIMIT 1`,
      )
      const tasks = [...new Set(p.tasks)].filter((task) => busy.get(task) === undefined)
      if (tasks.length === 0) return null
      const nonce = Math.max(this.#next(p.chainId, p.account) ?? 0, p.chainNext)
      const { lastInsertRowid: id } = this.#db
        .sql(`INSERT INTO nonces (chain, account, nonce, status, created_at) VALUES (?, ?, ?, 'live', ?)`)
        .run(p.chainId.toString(), p.account, nonce, p.at)
      const add = this.#db.sql('INSERT INTO nonce_tasks (task, nonce, place) VALUES (?, ?, ?)')
      for (const [place, task] of tasks.entries()) add.run(task, id, place)
      return { chainId: p.chainId, account: p.account, nonce, status: 'live', tasks, attempts: [], createdAt: p.at }
    })
  }

  async nextNonce(chainId: bigint, account: Address): Promise<number | null> {
    return this.#db.read(() => this.#next(chainId, account))
  }

  async addAttempt(p: {
    readonly chainId: bigint
    readonly account: Address
    readonly nonce: number
    readonly attempt: Attempt
  }): Promise<NonceRow> {
    const { attempt } = p
    return this.#db.write(() => {
      const row = this.#find(p.chainId, p.account, p.nonce)
      if (row === undefined) throw unknownNonce(p)
      const id = column.int(row, 'id')
      this.#db
        .sql(
          `INSERT INTO nonce_attempts (nonce, hash, place, raw, max_fee, max_priority_fee, at)
           VALUES (?1, ?2, (SELECT count(*) FROM nonce_attempts WHERE nonce = ?1), ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING`,
        )
        .run(
          id,
          attempt.hash,
          fromHex(attempt.raw),
          attempt.maxFeePerGas.toString(),
          attempt.maxPriorityFeePerGas.toString(),
          attempt.at,
        )
      return this.#nonceRow(row)
    })
  }

  async row(chainId: bigint, account: Address, nonce: number): Promise<NonceRow | null> {
    return this.#db.read(() => {
      const row = this.#find(chainId, account, nonce)
      return row === undefined ? null : this.#nonceRow(row)
    })
  }

  async open(chainId: bigint, account: Address): Promise<NonceRow[]> {
    return this.#db.read(() =>
      this.#db
        .sql(`${NONCE} WHERE n.chain = ? AND n.account = ? AND n.status IN ('live', 'filled') ORDER BY n.nonce`)
        .all(chainId.toString(), account)
        .map((row) => this.#nonceRow(row)),
    )
  }

  async rowOf(task: TaskId): Promise<NonceRow | null> {
    return this.#db.read(() => {
      const row = this.#db
        .sql(
          `${NONCE} JOIN nonce_tasks t ON t.nonce = n.id WHERE t.task = ? AND n.status IN ('live', 'used')
           ORDER BY n.id DESC LIMIT 1`,
        )
        .get(task)
      return row === undefined ? null : this.#nonceRow(row)
    })
  }

  async setStatus(p: {
    readonly chainId: bigint
    readonly account: Address
    readonly nonce: number
    readonly status: NonceRow['status']
  }): Promise<void> {
    await this.#db.write(() => {
      const { changes } = this.#db
        .sql('UPDATE nonces SET status = ? WHERE chain = ? AND account = ? AND nonce = ?')
        .run(p.status, p.chainId.toString(), p.account, p.nonce)
      if (changes !== 1) throw unknownNonce(p)
    })
  }

  async addSpend(project: ProjectId, day: string, wei: bigint): Promise<bigint> {
    return this.#db.write(() => {
      const row = this.#db.sql('SELECT wei FROM spends WHERE project = ? AND day = ?').get(toInt64(project), day)
      const sum = (row === undefined ? 0n : BigInt(column.text(row, 'wei'))) + wei
      this.#db
        .sql('INSERT INTO spends (project, day, wei) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET wei = excluded.wei')
        .run(toInt64(project), day, sum.toString())
      return sum
    })
  }

  #putProject(record: ProjectRecord): void {
    this.#db
      .sql(
        `INSERT INTO projects (id, uri, hash, paused, owner, block) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
         uri = excluded.uri, hash = excluded.hash, paused = excluded.paused, owner = excluded.owner, block = excluded.block`,
      )
      .run(toInt64(record.id), record.uri, record.hash, record.paused ? 1 : 0, record.owner, record.block.toString())
  }

  #next(chainId: bigint, account: Address): number | null {
    const row = this.#db
      .sql('SELECT max(nonce) + 1 AS next FROM nonces WHERE chain = ? AND account = ?')
      .get(chainId.toString(), account)
    return row === undefined ? null : column.nullable(row, 'next', column.int)
  }

  #find(chainId: bigint, account: Address, nonce: number): Row | undefined {
    return this.#db
      .sql(`${NONCE} WHERE n.chain = ? AND n.account = ? AND n.nonce = ?`)
      .get(chainId.toString(), account, nonce)
  }

  #nonceRow(row: Row): NonceRow {
    const id = column.int(row, 'id')
    const tasks = this.#db.sql('SELECT task FROM nonce_tasks WHERE nonce = ? ORDER BY place').all(id)
    const attempts = this.#db
      .sql('SELECT hash, raw, max_fee, max_priority_fee, at FROM nonce_attempts WHERE nonce = ? ORDER BY place')
      .all(id)
    return {
      chainId: BigInt(column.text(row, 'chain')),
      account: address(column.text(row, 'account')),
      nonce: column.int(row, 'nonce'),
      status: column.text(row, 'status') as NonceRow['status'],
      tasks: tasks.map((task) => taskId(column.text(task, 'task'))),
      attempts: attempts.map((attempt) => ({
        hash: hash(column.text(attempt, 'hash')),
        raw: toHex(column.bytes(attempt, 'raw')),
        maxFeePerGas: BigInt(column.text(attempt, 'max_fee')),
        maxPriorityFeePerGas: BigInt(column.text(attempt, 'max_priority_fee')),
        at: column.int(attempt, 'at'),
      })),
      createdAt: column.int(row, 'created_at'),
    }
  }
}

function projectOf(row: Row): ProjectRecord {
  const owner = column.nullable(row, 'owner', column.text)
  return {
    id: projectId(column.uint64(row, 'id')),
    uri: column.text(row, 'uri'),
    hash: hash(column.text(row, 'hash')),
    paused: column.int(row, 'paused') === 1,
    owner: owner === null ? null : address(owner),
    block: BigInt(column.text(row, 'block')),
  }
}

const unknownNonce = (p: { readonly chainId: bigint; readonly account: Address; readonly nonce: number }) =>
  new InvalidInputError({
    field: 'nonce',
    problem: `${p.nonce} of ${p.account} on chain ${p.chainId} was never allocated`,
  })
