import type { DatabaseSync } from 'node:sqlite'
import { StoreFormatError } from '@w3bstream/core/ports'

/**
 * Brings a database to the newest format, one transaction a migration.
 * @param migrations SQL, oldest first; `user_version` counts those that were applied
 * @throws {StoreFormatError} a newer release wrote the file
 */
export function migrate(db: DatabaseSync, path: string, migrations: readonly string[]): void {
  const found = Number(db.prepare('PRAGMA user_version').get()?.user_version ?? 0)
  if (found > migrations.length) throw new StoreFormatError({ path, found, known: migrations.length })
  for (const [index, sql] of migrations.entries()) {
    if (index >= found) db.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version=${index + 1}; COMMIT`)
  }
}
