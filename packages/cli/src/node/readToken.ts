import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../errors/UsageError.ts'
import { DEFAULT_DATA_DIR, type NodeOptions } from './nodeOptions.ts'

/**
 * The token to show: of `--token-file`, of W3B_TOKEN, else, for an operator's command, the one that a local node keeps in its data directory.
 * That one goes only to a node on this machine, or where the directory was named.
 * @throws {UsageError} a named file cannot be read or holds no token
 */
export async function readToken(
  options: NodeOptions,
  url: string,
  env: Readonly<Record<string, string | undefined>>,
  operator: boolean,
): Promise<string | null> {
  if (options.tokenFile !== undefined) return secretOf(await read(options.tokenFile, true), options.tokenFile)
  if (env.W3B_TOKEN !== undefined && env.W3B_TOKEN !== '') return secretOf(env.W3B_TOKEN, 'W3B_TOKEN')
  if (!operator || (options.dataDir === undefined && !isLocal(url))) return null
  const path = join(options.dataDir ?? DEFAULT_DATA_DIR, 'operator.token')
  const kept = await read(path, options.dataDir !== undefined)
  return kept === null ? null : secretOf(kept, path)
}

async function read(path: string, needed: boolean): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (!needed && error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw new UsageError(`The token file ${path} cannot be read: ${error instanceof Error ? error.message : error}.`)
  }
}

function secretOf(text: string | null, source: string): string {
  const secret = text?.trim() ?? ''
  if (!/^[\x21-\x7e]{1,8192}$/.test(secret)) throw new UsageError(`${source} does not hold a token.`)
  return secret
}

function isLocal(url: string): boolean {
  return URL.canParse(url) && /^(?:localhost|127(?:\.[0-9]+){3}|\[::1\])$/.test(new URL(url).hostname)
}
