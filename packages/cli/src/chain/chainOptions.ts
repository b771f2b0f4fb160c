import { join } from 'node:path'
import { localChainUrl } from '@w3bstream/local/localChainUrl'
import type { Command } from 'commander'
import { UsageError } from '../errors/UsageError.ts'
import { DEFAULT_DATA_DIR } from '../node/nodeOptions.ts'

/** Options of every command that asks a chain. */
export interface ChainOptions {
  readonly rpc?: string
  readonly dataDir?: string
}

/** Options of commands for a project's owner. */
export interface OwnerOptions extends ChainOptions {
  readonly keyFile?: string
}

/** Adds `--rpc`. */
export function withRpc(command: Command): Command {
  return command.option(
    '--rpc <url>',
    'endpoint of the chain (default: W3B_RPC, else the local chain of --data-dir while its node runs)',
  )
}

/** Adds `--data-dir`. */
export function withDataDir(command: Command): Command {
  return command.option('--data-dir <dir>', `where deployment.json lies (default: ${DEFAULT_DATA_DIR})`)
}

/** Adds `--key-file`. */
export function withOwnerKey(command: Command): Command {
  return command.option(
    '--key-file <file>',
    'key of the account that pays and owns (default: W3B_OWNER_KEY_FILE or W3B_OWNER_KEY; on the local chain anvil’s first account)',
  )
}

/** @returns an endpoint's URL, or null where none is named or known. @throws {UsageError} it is none of a chain */
export function findEndpoint(options: ChainOptions, env: Readonly<Record<string, string | undefined>>): string | null {
  const url = options.rpc ?? (env.W3B_RPC || localChainUrl(options.dataDir ?? DEFAULT_DATA_DIR))
  if (url === null) return null
  if (!URL.canParse(url) || !/^(?:https?|wss?):$/.test(new URL(url).protocol))
    throw new UsageError(`${options.rpc === undefined ? 'W3B_RPC' : '--rpc'} has to be an http(s) or ws(s) URL.`)
  return url
}

/** What may be shown of an endpoint: not its path or query, which may hold a key. */
export function endpointName(url: string): string {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}

export function deploymentFile(options: ChainOptions): string {
  return join(options.dataDir ?? DEFAULT_DATA_DIR, 'deployment.json')
}
