import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { InvalidInputError } from '@w3bstream/protocol'
import type { NativeOptions } from './NativeServer.ts'

/**
 * The native runtime where `npm run build:native` puts it, or where `W3B_NATIVE` says; whether it is there shows with the first task that needs it.
 * `W3B_COMPRESSOR_URL` and `W3B_COMPRESSOR_KEY` say where Groth16 receipts are made, `W3B_SRS` and `W3B_SRS_SHA256` which parameters built-in circuits have.
 * @returns null where `W3B_NATIVE` is empty or `off`; paths from this process's folder, which the runtime's is not
 * @throws {InvalidInputError} `W3B_SRS` without its hash
 */
export function findNative(variables: NodeJS.ProcessEnv = process.env): NativeOptions | null {
  const named = variables.W3B_NATIVE
  if (named === '' || named === 'off') return null
  const cache = variables.XDG_CACHE_HOME || join(homedir(), '.cache')
  const folder = resolve(cache, 'w3bstream', 'native')
  const { W3B_COMPRESSOR_URL: url, W3B_COMPRESSOR_KEY: key, W3B_SRS: file, W3B_SRS_SHA256: sha256 } = variables
  // Without it the runtime would take the SRS for tests, whose proofs anyone can forge.
  if (file && !sha256)
    throw new InvalidInputError({
      field: 'W3B_SRS_SHA256',
      problem: 'has to say the hash of the file that W3B_SRS names',
    })
  return {
    binary: named === undefined ? join(folder, 'bin', 'w3b-runtime') : resolve(named),
    stateDir: join(folder, 'state'),
    ...(url ? { compressor: { url, ...(key ? { key } : {}) } } : {}),
    ...(file && sha256 ? { srs: { file: resolve(file), sha256 } } : {}),
  }
}
