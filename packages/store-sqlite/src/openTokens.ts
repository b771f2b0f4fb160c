import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Tokens } from '@w3bstream/core/ports'
import { Database } from './Database.ts'
import { SqliteTokens } from './SqliteTokens.ts'
import { MIGRATIONS } from './schema.ts'
import { toStoreError } from './toStoreError.ts'

/**
 * Opens the tokens of a data directory alone, also while another process has it open: for `w3b token create|revoke`.
 * @throws {StoreFormatError} @throws {StoreUnavailableError}
 */
export function openTokens(dir: string): { readonly tokens: Tokens; close(): Promise<void> } {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw toStoreError(error)
  }
  const db = Database.open({ path: join(dir, 'w3bstream.db'), migrations: MIGRATIONS, checkpoints: 'inline' })
  return { tokens: new SqliteTokens(db), close: () => db.close() }
}
