import type { LocalNode } from '@w3bstream/local'
import { createPublicClient, http, parseAbiItem } from 'viem'

const SETTLED = parseAbiItem(
  'event Settled(bytes32 indexed task, uint64 indexed projectId, address indexed prover, address sequencer, uint64 number, bytes32 verifierKey, bytes32 messagesRoot, bytes32 outputsHash)',
)

/** How many results the chain has, of one task or of all. */
export async function settledEvents(rpcUrl: string, contracts: LocalNode['contracts'], task?: string): Promise<number> {
  const events = await createPublicClient({ transport: http(rpcUrl) }).getLogs({
    address: contracts.settlement,
    event: SETTLED,
    ...(task === undefined ? {} : { args: { task: task as `0x${string}` } }),
    fromBlock: 0n,
  })
  return events.length
}
