import { hash as digest } from 'node:crypto'
import type { BlobStore } from '@w3bstream/core/ports'
import { CorruptBlobError, fromHex, type Hash, hash } from '@w3bstream/protocol'
import { column } from './column.ts'
import type { Database } from './Database.ts'

/** Bytes up to which a blob lies in the database. */
const SMALL_BYTES = 65_536

/**
 * Small blobs in a table, larger ones in a store of files.
 *
 * A file costs two syncs of the file system's own journal; a row shares the transaction of its neighbours. Proofs are small and many.
 */
export class SqliteBlobStore implements BlobStore {
  readonly #db: Database
  readonly #large: BlobStore

  constructor(db: Database, large: BlobStore) {
    this.#db = db
    this.#large = large
  }

  async put(bytes: Uint8Array): Promise<Hash> {
    if (bytes.length > SMALL_BYTES) return this.#large.put(bytes)
    const hex = digest('sha256', bytes, 'hex')
    // Written again where they differ: that heals a row that was damaged.
    const put = `INSERT INTO blobs (hash, bytes) VALUES (?, ?)
      ON CONFLICT DO UPDATE SET bytes = excluded.bytes WHERE bytes <> excluded.bytes`
    await this.#db.write(() => this.#db.sql(put).run(Buffer.from(hex, 'hex'), bytes), { savepoint: false })
    return hash(`0x${hex}`)
  }

  async get(wanted: Hash): Promise<Uint8Array | null> {
    const row = this.#db.read(() => this.#db.sql('SELECT bytes FROM blobs WHERE hash = ?').get(fromHex(wanted)))
    if (row === undefined) return this.#large.get(wanted)
    const bytes = column.bytes(row, 'bytes')
    if (`0x${digest('sha256', bytes, 'hex')}` !== wanted) throw new CorruptBlobError({ hash: wanted })
    return bytes
  }

  async delete(unwanted: Hash): Promise<void> {
    await this.#db.write(() => this.#db.sql('DELETE FROM blobs WHERE hash = ?').run(fromHex(unwanted)))
    await this.#large.delete(unwanted)
  }
}
