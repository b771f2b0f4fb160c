import type { Address, TaskId } from '@w3bstream/protocol'
import { toEventSelector } from 'viem'
import type { ChainClient, Log } from './ChainClient.ts'

const SETTLED = toEventSelector('Settled(bytes32,uint64,address,address,uint64,bytes32,bytes32,bytes32)')
/** Ranges looked through at the most, newest first. */
const MAX_RANGES = 500

/**
 * Looks for a task's `Settled` event, newest blocks first.
 * @returns the event; null where the router never settled the task; `unknown` where the search ended before the router's first block
 * @throws {ChainUnavailableError}
 */
export async function findSettled(
  chain: ChainClient,
  router: Address,
  task: TaskId,
  fromBlock: bigint,
): Promise<Log | null | 'unknown'> {
  let toBlock = await chain.blockNumber()
  const range = BigInt(chain.preset.logRange)
  for (let i = 0; i < MAX_RANGES && toBlock >= fromBlock; i++) {
    const start = toBlock - range + 1n > fromBlock ? toBlock - range + 1n : fromBlock
    const logs = await chain.logs({ address: router, topics: [SETTLED, task], fromBlock: start, toBlock })
    const found = logs.at(-1)
    if (found !== undefined) return found
    toBlock = start - 1n
  }
  return toBlock < fromBlock ? null : 'unknown'
}
