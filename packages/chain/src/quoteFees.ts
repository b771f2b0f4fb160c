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

/** @returns fees that a node takes for a replacement of `last` (an eighth more, and never less than now), or null when over the ceiling */
export function bumpFees(chain: ChainClient, last: Omit<Fees, 'expected'>, now: Fees): Fees | null {
  const maxFeePerGas = max(bump(last.maxFeePerGas), now.maxFeePerGas)
  const maxPriorityFeePerGas = max(bump(last.maxPriorityFeePerGas), now.maxPriorityFeePerGas)
  if (maxFeePerGas > chain.preset.maxFeePerGas || maxPriorityFeePerGas > maxFeePerGas) return null
  return { expected: now.expected, maxFeePerGas, maxPriorityFeePerGas }
}

const bump = (fee: bigint): bigint => (fee * 1125n) / 1000n + 1n
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
