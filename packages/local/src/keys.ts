import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { LocalSigner } from '@w3bstream/chain'

/** The accounts of a node. The settler's pays for gas and owns nothing. */
export interface NodeKeys {
  readonly sequencer: LocalSigner
  readonly prover: LocalSigner
  readonly settler: LocalSigner
}

/**
 * A node's keys: from the file that `W3B_<ROLE>_KEY_FILE` names, from `W3B_<ROLE>_KEY`, else from the data directory, where they are made at the first
 * start. Never from flags.
 * @throws {InvalidInputError} a key file is open to others or holds no key
 */
export function loadKeys(dataDir: string, env: Readonly<Record<string, string | undefined>> = process.env): NodeKeys {
  return {
    sequencer: loadKey('sequencer', dataDir, env),
    prover: loadKey('prover', dataDir, env),
    settler: loadKey('settler', dataDir, env),
  }
}

/** One key by the same rules. @param name lower case */
export function loadKey(
  name: string,
  dataDir: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): LocalSigner {
  const variable = `W3B_${name.toUpperCase()}_KEY`
  const file = env[`${variable}_FILE`]
  if (file !== undefined) return LocalSigner.fromFile(file)
  if (env[variable] !== undefined) return LocalSigner.fromEnvironment(variable, env)
  const dir = join(dataDir, 'keys')
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const path = join(dir, `${name}.key`)
  return existsSync(path) ? LocalSigner.fromFile(path) : LocalSigner.generate(path)
}
