import { hash, randomBytes } from 'node:crypto'
import type { Scope, Token, Tokens } from '@w3bstream/core/ports'
import { type ProjectId, projectId } from '@w3bstream/protocol'
import { column, type Row, toInt64 } from './column.ts'
import type { Database } from './Database.ts'

const COLUMNS = 'SELECT id, label, scopes, CAST(project AS TEXT) AS project, created_at, expires_at FROM tokens'
/** What a secret looks like: anything else is not worth a look into the store. */
const SECRET = /^w3b_[A-Za-z0-9_-]{43}$/

/** API tokens in a table. A secret has 256 random bits, so its plain sha-256 is enough at rest. */
export class SqliteTokens implements Tokens {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async create(p: {
    readonly label: string
    readonly scopes: readonly Scope[]
    readonly projectId: ProjectId | null
    readonly expiresAt: number | null
    readonly at: number
  }): Promise<{ readonly token: Token; readonly secret: string }> {
    const secret = `w3b_${randomBytes(32).toString('base64url')}`
    const token: Token = {
      id: `tok_${randomBytes(9).toString('base64url')}`,
      label: p.label,
      scopes: [...new Set(p.scopes)],
      projectId: p.projectId,
      createdAt: p.at,
      expiresAt: p.expiresAt,
    }
    await this.#db.write(() =>
      this.#db
        .sql(
          'INSERT INTO tokens (id, secret_hash, label, scopes, project, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
        )
        .run(
          token.id,
          hash('sha256', secret, 'buffer'),
          token.label,
          token.scopes.join(' '),
          token.projectId === null ? null : toInt64(token.projectId),
          token.createdAt,
          token.expiresAt,
        ),
    )
    return { token, secret }
  }

  async check(secret: string, now: number): Promise<Token | null> {
    if (!SECRET.test(secret)) return null
    const row = this.#db.read(() =>
      this.#db.sql(`${COLUMNS} WHERE secret_hash = ?`).get(hash('sha256', secret, 'buffer')),
    )
    if (row === undefined) return null
    const token = tokenOf(row)
    return token.expiresAt !== null && token.expiresAt <= now ? null : token
  }

  async revoke(id: string): Promise<boolean> {
    return this.#db.write(() => this.#db.sql('DELETE FROM tokens WHERE id = ?').run(id).changes === 1)
  }

  async list(): Promise<Token[]> {
    return this.#db.read(() => this.#db.sql(`${COLUMNS} ORDER BY created_at, rowid`).all()).map(tokenOf)
  }
}

function tokenOf(row: Row): Token {
  const project = column.nullable(row, 'project', column.uint64)
  return {
    id: column.text(row, 'id'),
    label: column.text(row, 'label'),
    scopes: column.text(row, 'scopes').split(' ') as Scope[],
    projectId: project === null ? null : projectId(project),
    createdAt: column.int(row, 'created_at'),
    expiresAt: column.nullable(row, 'expires_at', column.int),
  }
}
