import type { ChainState, TaskStore } from '@w3bstream/core/ports'
import type { Address } from '@w3bstream/protocol'
import type { ChainClient } from './ChainClient.ts'
import { settledNumbers } from './settledNumbers.ts'

/** Ranges of logs after which the cursor is stored. */
const STEP_RANGES = 50n

/**
 * Asks the chain which of a sequencer's task numbers the router has settled since this was asked last, and counts them as used: a store that was
 * restored from an older copy must not give them again. To be called before anything is packed; repeated it reads only what is new.
 * @param p `fromBlock`: where to begin when it was never asked
 * @throws {ChainUnavailableError}
 */
export async function passSettled(
  modules: { readonly chain: ChainClient; readonly state: ChainState; readonly tasks: TaskStore },
  p: { readonly router: Address; readonly sequencer: Address; readonly fromBlock: bigint },
): Promise<void> {
  const { chain, state, tasks } = modules
  // Its own: a registry's cursor is moved by whoever follows the registry, also before this has looked.
  const name = `settled:${chain.chainId}:${p.router}:${p.sequencer}`
  const before = await state.cursor(name)
  const [head, final] = [await chain.blockNumber(), await chain.finalBlockNumber()]
  // In steps, so that a process whose time is short gets on, too.
  const step = STEP_RANGES * BigInt(chain.preset.logRange)
  for (let from = before === null ? p.fromBlock : before.block + 1n; from <= head; from += step) {
    const end = from + step - 1n
    const toBlock = end < head ? end : head
    for (const [id, number] of await settledNumbers(chain, { ...p, fromBlock: from, toBlock }))
      await tasks.passSequences(id, p.sequencer, Number(BigInt.asUintN(32, number)))
    const reached = await chain.block(toBlock < final ? toBlock : final)
    if (reached !== null && reached.number >= from)
      await state.advanceCursor(name, { block: reached.number, hash: reached.hash }, [])
  }
}
