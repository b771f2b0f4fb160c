import { homedir } from 'node:os'
import { join } from 'node:path'
import type { NativeOptions } from './NativeServer.ts'

/**
 * Where `npm run build:native` puts the native runtime, and where that keeps its keys; `W3B_NATIVE` names another binary. Whether there is one shows with
 * the first task that needs it.
 * @returns null where `W3B_NATIVE` is empty or `off`
 */
export function findNative(variables: NodeJS.ProcessEnv = process.env): NativeOptions | null {
  const named = variables.W3B_NATIVE
  if (named === '' || named === 'off') return null
  const cache = variables.XDG_CACHE_HOME || join(homedir(), '.cache')
  const folder = join(cache, 'w3bstream', 'native')
  return { binary: named ?? join(folder, 'bin', 'w3b-runtime'), stateDir: join(folder, 'state') }
}
