import { EthereumSender } from '@w3bstream/chain'
import type { ChainState, Clock, Signer, Telemetry } from '@w3bstream/core'
import type { DeploymentConfig } from '@w3bstream/protocol'
import type { Chains } from './openChains.ts'

/** The settler's account on each chain. */
export function openSenders(
  modules: {
    readonly chains: Chains
    readonly signer: Signer
    readonly state: ChainState
    readonly clock: Clock
    readonly telemetry: Telemetry
  },
  { maxGasPerTransaction, maxWeiPerProjectPerDay, maxInFlight }: DeploymentConfig['spending'],
): EthereumSender[] {
  const { chains, ...others } = modules
  return chains.all.map(
    ({ chain, config }) =>
      new EthereumSender(
        { chain, ...others, ...(chain === chains.home.chain ? { router: chains.home.contracts.settlement } : {}) },
        {
          maxGasPerTransaction,
          maxInFlight,
          maxSpendPerDay: maxWeiPerProjectPerDay,
          adoptChainNonce: config.adoptChainNonce,
        },
      ),
  )
}
