import { ChainClient, type ChainPreset, type Contracts, chainPreset } from '@w3bstream/chain'
import type { Telemetry } from '@w3bstream/core'
import { type ChainConfig, type DeploymentConfig, InvalidConfigError } from '@w3bstream/protocol'
import { homeChain } from './homeChain.ts'

/** A deployment's chains. */
export interface Chains {
  /** Where its registry, verifiers and router are. */
  readonly home: { readonly chain: ChainClient; readonly contracts: Contracts; readonly fromBlock: bigint }
  /** Home among them, in the order of the configuration. */
  readonly all: readonly { readonly chain: ChainClient; readonly config: ChainConfig }[]
}

/**
 * Makes a client for each configured chain; none is called.
 * @param urls endpoints by chain id, best first
 * @throws {InvalidConfigError} no chain names the deployment's contracts
 */
export function openChains(
  { chains }: Pick<DeploymentConfig, 'chains'>,
  urls: ReadonlyMap<bigint, readonly string[]>,
  telemetry: Telemetry,
): Chains {
  const all = chains.map((config) => {
    const rpc = urls.get(config.chainId) ?? config.rpc
    return { chain: new ChainClient({ preset: presetOf(config), rpc, telemetry }), config }
  })
  const { chainId, contracts } = homeChain({ chains })
  for (const { chain, config } of all)
    if (config.chainId === chainId) return { home: { chain, contracts, fromBlock: config.fromBlock }, all }
  throw new InvalidConfigError({ problems: [`chain ${chainId} is not there`] })
}

/** What is known of the chain, and what the configuration says instead. */
function presetOf({ chainId, name, feeMode, finalityDepth, maxFeePerGas }: ChainConfig): ChainPreset {
  const preset = chainPreset(chainId)
  return {
    ...preset,
    name: name ?? preset.name,
    feeMode: feeMode ?? preset.feeMode,
    finalityDepth: finalityDepth ?? preset.finalityDepth,
    maxFeePerGas: maxFeePerGas ?? preset.maxFeePerGas,
  }
}
