import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The file in which a data directory's anvil is remembered while it runs: `{pid, port}`. */
export const localChainFile = (dataDir: string): string => join(dataDir, 'anvil.json')

/** @returns where a data directory's anvil listens, or null where none was started or the file says nothing */
export function localChainUrl(dataDir: string): string | null {
  const file = localChainFile(dataDir)
  if (!existsSync(file)) return null
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof found !== 'object' || found === null || !('port' in found) || typeof found.port !== 'number') return null
    return `http://127.0.0.1:${found.port}`
  } catch {
    // Half written by a node that was killed: as if there were none.
    return null
  }
}
