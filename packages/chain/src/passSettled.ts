import type { ChainState, TaskStore } from '@w3bstream/core/ports'
import type { Address } from '@w3bstream/protocol'
import type { ChainClient } from './ChainClient.ts'
import { settledNumbers } from './settledNumbers.ts'

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
  const final = await chain.block(await chain.finalBlockNumber())
  const fromBlock = before === null ? p.fromBlock : before.block + 1n
  for (const [id, number] of await settledNumbers(chain, { ...p, fromBlock }))
    await tasks.passSequences(id, p.sequencer, Number(BigInt.asUintN(32, number)))
  if (final !== null && final.number >= fromBlock)
    await state.advanceCursor(name, { block: final.number, hash: final.hash }, [])
}
