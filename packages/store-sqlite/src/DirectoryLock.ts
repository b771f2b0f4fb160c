import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreInUseError } from './StoreInUseError.ts'

/**
 * Keeps a data directory for one process.
 *
 * An exclusive transaction on an empty SQLite file: the lock is the operating system's, so it ends with the process however that ends.
 */
export class DirectoryLock {
  readonly #db: DatabaseSync

  /** @throws {StoreInUseError} */
  constructor(dir: string) {
    this.#db = new DatabaseSync(join(dir, 'lock'), { timeout: 0 })
    try {
      this.#db.exec('BEGIN EXCLUSIVE')
    } catch (cause) {
      this.#db.close()
      throw new StoreInUseError({ dir, cause })
    }
  }

  /** Does nothing when it was released before. */
  release(): void {
    if (this.#db.isOpen) this.#db.close()
  }
}
