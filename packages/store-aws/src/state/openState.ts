import { StoreFormatError } from '@w3bstream/core/ports'
import { platformRandom, StoreUnavailableError } from '@w3bstream/protocol'
import type { Aws } from '../calls/Aws.ts'
import { attribute, type Item, read } from './attribute.ts'
import { StateTable } from './StateTable.ts'

/** Brings a deployment's tables from one format to the next; has to bear being run twice, and from several processes at once. */
export type StateMigration = (table: StateTable) => Promise<void>

/** From format n to n + 1 at index n - 1. */
const MIGRATIONS: readonly StateMigration[] = []
const KEY = { pk: 'meta', sk: 'meta' }
const SECRET_BYTES = 32

/** A deployment's state, of the format that this release knows. */
export interface OpenState {
  readonly table: StateTable
  /** Makes message ids that nobody can guess; 32 bytes, the same for the deployment's life. */
  readonly idSecret: Uint8Array
}

/**
 * Opens a deployment's table of state: makes its `meta` item the first time, and brings an older format to this release's.
 * @throws {StoreFormatError} a newer release wrote it: nothing was changed @throws {StoreUnavailableError}
 */
export async function openState(
  modules: { readonly aws: Aws },
  options: { readonly table: string; readonly migrations?: readonly StateMigration[] },
): Promise<OpenState> {
  const migrations = options.migrations ?? MIGRATIONS
  const known = migrations.length + 1
  const table = new StateTable(modules, options)
  const meta = (await table.get(KEY)) ?? (await create(table, known))
  let found = read.int(meta, 'format')
  if (found > known) throw new StoreFormatError({ path: `The table ${table.name}`, found, known })
  for (const migrate of migrations.slice(found - 1)) {
    await migrate(table)
    const values = { ':found': attribute.int(found), ':next': attribute.int(found + 1) }
    // Another process may have noted it already.
    await table.update({ key: KEY, update: 'SET #format = :next', condition: '#format = :found', values })
    found++
  }
  return { table, idSecret: read.bytes(meta, 'idSecret') }
}

/** @returns the item that is there afterwards, whoever made it */
async function create(table: StateTable, format: number): Promise<Item> {
  const made: Item = {
    pk: attribute.text(KEY.pk),
    sk: attribute.text(KEY.sk),
    format: attribute.int(format),
    idSecret: attribute.bytes(platformRandom(SECRET_BYTES)),
  }
  if (await table.put(made, { condition: 'attribute_not_exists(#pk)' })) return made
  const theirs = await table.get(KEY)
  if (theirs === null) throw new StoreUnavailableError({ reason: `the table ${table.name} was emptied meanwhile` })
  return theirs
}
