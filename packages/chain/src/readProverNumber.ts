import { nodeRegistryAbi, proverRegistrarAbi } from '@w3bstream/contracts'
import type { Address } from '@w3bstream/protocol'
import type { ChainClient } from './ChainClient.ts'
import type { Contracts } from './Contracts.ts'
import { readContract } from './readContract.ts'

/**
 * The number by which contracts know a prover: its token in ProverRegistrar under the name `did:io:<40 hex>`, else its node in NodeRegistry.
 * @returns null where neither has it. @throws {ChainUnavailableError}
 */
export async function readProverNumber(
  chain: ChainClient,
  contracts: Pick<Contracts, 'proverRegistrar' | 'nodeRegistry'>,
  prover: Address,
): Promise<bigint | null> {
  const [token, node] = await Promise.all([
    readContract(chain, {
      address: contracts.proverRegistrar,
      abi: proverRegistrarAbi,
      functionName: 'proverIds',
      args: [`did:io:${prover.slice(2)}`],
    }),
    readContract(chain, {
      address: contracts.nodeRegistry,
      abi: nodeRegistryAbi,
      functionName: 'nodeOf',
      args: [prover],
    }),
  ])
  return token !== 0n ? token : node !== 0n ? node : null
}
