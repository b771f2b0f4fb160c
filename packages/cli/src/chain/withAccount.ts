import type { Operator } from '@w3bstream/chain'
import { LOCAL_OWNER_KEY } from '@w3bstream/local/localOwnerKey'
import { UsageError } from '../errors/UsageError.ts'
import { endpointName, findEndpoint, type OwnerOptions } from './chainOptions.ts'

/** An account on a chain, for as long as a command runs. */
export interface Account extends Operator {
  /** The endpoint, as far as it may be shown. */
  readonly endpoint: string
}

/**
 * Runs `use` with the account that the options name. Keys come from files and the environment, never from flags.
 * @throws {UsageError} no chain or no key is named @throws {InvalidInputError} the key's file is open to others or holds none @throws {NotAChainError}
 */
export async function withAccount<T>(
  options: OwnerOptions,
  env: Readonly<Record<string, string | undefined>>,
  use: (account: Account) => Promise<T>,
): Promise<T> {
  const url = findEndpoint(options, env)
  if (url === null)
    throw new UsageError('No chain is known.', 'Give --rpc, or --data-dir of a node whose local chain runs.')
  const { ChainClient, chainPreset, LOCAL_CHAIN_ID, LocalSigner, readChainId } = await import('@w3bstream/chain')
  const file = options.keyFile ?? (env.W3B_OWNER_KEY_FILE || undefined)
  const chainId = await readChainId(url)
  const key = file === undefined && !env.W3B_OWNER_KEY
  if (key && chainId !== LOCAL_CHAIN_ID)
    throw new UsageError('No key is given.', 'Name its file with --key-file or W3B_OWNER_KEY_FILE.')
  const signer =
    file !== undefined
      ? LocalSigner.fromFile(file)
      : key
        ? LocalSigner.fromHex(LOCAL_OWNER_KEY)
        : LocalSigner.fromEnvironment('W3B_OWNER_KEY', env)
  const chain = new ChainClient({ preset: chainPreset(chainId), rpc: [url] })
  try {
    return await use({ chain, signer, endpoint: endpointName(url) })
  } finally {
    chain.close()
  }
}
