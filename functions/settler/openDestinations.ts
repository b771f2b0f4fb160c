import {
  EthereumContractDestination,
  type EthereumSender,
  OutputDestinations,
  RouterDestination,
  readProverNumber,
  StdoutDestination,
} from '@w3bstream/chain'
import type { Destination } from '@w3bstream/core'
import type { Address } from '@w3bstream/protocol'
import type { Chains } from '../shared/openChains.ts'

/** Every place that a project's output may name: the router at home, contracts on any of the chains, the log. */
export function openDestinations(chains: Chains, senders: readonly EthereumSender[]): Destination {
  const { chain: home, contracts, fromBlock } = chains.home
  const numbers = new Map<Address, bigint>()
  return new OutputDestinations([
    ...senders
      .filter(({ chain }) => chain === home)
      .map((sender) => new RouterDestination({ sender, contracts }, { fromBlock })),
    new EthereumContractDestination(
      { chains: senders.map((sender) => ({ sender, ...(sender.chain === home ? { contracts } : {}) })) },
      {
        async proverNumber(prover) {
          const number = numbers.get(prover) ?? (await readProverNumber(home, contracts, prover))
          if (number !== null) numbers.set(prover, number)
          return number
        },
      },
    ),
    new StdoutDestination({ out: process.stdout }),
  ])
}
