import type { ChainClient } from './ChainClient.ts'

/** What a unit of gas costs now, in wei. On legacy chains all three are the gas price. */
export interface Fees {
  /** What a transaction would pay in the next block. */
  readonly expected: bigint
  /** What it offers at the most: room for base fees to double. */
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

/** @returns what to offer, or null while even the next block would cost more than the chain's ceiling. @throws {ChainUnavailableError} */
export async function quoteFees(chain: ChainClient): Promise<Fees | null> {
  const { feeMode, maxFeePerGas: ceiling } = chain.preset
  if (feeMode === 'legacy') {
    const price = await chain.gasPrice()
    return price > ceiling ? null : { expected: price, maxFeePerGas: price, maxPriorityFeePerGas: price }
  }
  const [block, tip] = await Promise.all([chain.block('latest'), chain.maxPriorityFeePerGas()])
  const base = block?.baseFeePerGas ?? 0n
  const expected = base + tip
  if (expected > ceiling) return null
  const roomy = 2n * base + tip
  return { expected, maxFeePerGas: roomy < ceiling ? roomy : ceiling, maxPriorityFeePerGas: tip }
}
