import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openStore, type Store, type StoreOptions } from './openStore.ts'

/** @returns an empty directory, deleted after the test */
export function testDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'w3b-store-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Opens a store that is closed after the test, in a directory of its own unless one is named. */
export async function testStore(options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await openStore({ dir: options.dir ?? testDir(), ...options })
  onTestFinished(() => store.close())
  return store
}
