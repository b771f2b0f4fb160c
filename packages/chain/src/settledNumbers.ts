import { w3bstreamSettlementAbi } from '@w3bstream/contracts'
import { type Address, address, type ProjectId, projectId } from '@w3bstream/protocol'
import { decodeEventLog, toEventSelector } from 'viem'
import type { ChainClient } from './ChainClient.ts'

const SETTLED = toEventSelector('Settled(bytes32,uint64,address,address,uint64,bytes32,bytes32,bytes32)')

/**
 * The greatest number of a sequencer's tasks that the router has settled in a range of blocks, for each project: a store that was restored from an
 * older copy must not give these numbers again.
 * @throws {ChainUnavailableError}
 */
export async function settledNumbers(
  chain: ChainClient,
  p: { readonly router: Address; readonly sequencer: Address; readonly fromBlock: bigint; readonly toBlock: bigint },
): Promise<Map<ProjectId, bigint>> {
  const greatest = new Map<ProjectId, bigint>()
  const head = p.toBlock
  const range = BigInt(chain.preset.logRange)
  for (let fromBlock = p.fromBlock; fromBlock <= head; fromBlock += range) {
    const end = fromBlock + range - 1n
    const toBlock = end < head ? end : head
    for (const { topics, data } of await chain.logs({ address: p.router, topics: [SETTLED], fromBlock, toBlock })) {
      const [signature, ...indexed] = topics
      if (signature === undefined) continue
      const { args } = decodeEventLog({
        abi: w3bstreamSettlementAbi,
        eventName: 'Settled',
        topics: [signature, ...indexed],
        data,
      })
      if (address(args.sequencer) !== p.sequencer) continue
      const id = projectId(args.projectId)
      const known = greatest.get(id)
      if (known === undefined || args.number > known) greatest.set(id, args.number)
    }
  }
  return greatest
}
