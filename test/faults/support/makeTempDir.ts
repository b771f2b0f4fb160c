import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new directory for all tests of a file. */
export function makeTempDir(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'w3b-faults-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
