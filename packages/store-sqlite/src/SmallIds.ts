import type { ProjectId } from '@w3bstream/protocol'
import { BoundedMap } from './BoundedMap.ts'
import { column, toInt64 } from './column.ts'
import type { Database } from './Database.ts'

const SQL = {
  logs: {
    find: 'SELECT id FROM logs WHERE project = ? AND version = ?',
    make: 'INSERT INTO logs (project, version) VALUES (?, ?)',
  },
  devices: {
    find: 'SELECT id FROM devices WHERE project = ? AND did = ?',
    make: 'INSERT INTO devices (project, did) VALUES (?, ?)',
  },
} as const

/** The store's own small numbers for a project's logs (named by version) or devices (named by DID): they keep rows and indexes short. */
export class SmallIds {
  readonly #db: Database
  readonly #sql: (typeof SQL)[keyof typeof SQL]
  readonly #known = new BoundedMap<string, number>(100_000)

  constructor(db: Database, of: keyof typeof SQL) {
    this.#db = db
    this.#sql = SQL[of]
    db.onRollback(() => this.#known.clear())
  }

  /** @returns null where there is none yet */
  find(projectId: ProjectId, name: string): number | null {
    const key = `${projectId}/${name}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const row = this.#db.sql(this.#sql.find).get(toInt64(projectId), name)
    if (row === undefined) return null
    const id = column.int(row, 'id')
    this.#known.set(key, id)
    return id
  }

  /** Finds it or makes it; for use inside a write. */
  make(projectId: ProjectId, name: string): number {
    const found = this.find(projectId, name)
    if (found !== null) return found
    const id = Number(this.#db.sql(this.#sql.make).run(toInt64(projectId), name).lastInsertRowid)
    this.#known.set(`${projectId}/${name}`, id)
    return id
  }
}
