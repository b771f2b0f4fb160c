import type { ChainClient } from './ChainClient.ts'
import type { Fees } from './quoteFees.ts'

/** @returns fees that a node takes for a replacement of `last` (an eighth more, and never less than now), or null when over the ceiling */
export function bumpFees(chain: ChainClient, last: Omit<Fees, 'expected'>, now: Fees): Fees | null {
  const maxFeePerGas = max(bump(last.maxFeePerGas), now.maxFeePerGas)
  const maxPriorityFeePerGas = max(bump(last.maxPriorityFeePerGas), now.maxPriorityFeePerGas)
  if (maxFeePerGas > chain.preset.maxFeePerGas || maxPriorityFeePerGas > maxFeePerGas) return null
  return { expected: now.expected, maxFeePerGas, maxPriorityFeePerGas }
}

const bump = (fee: bigint): bigint => (fee * 1125n) / 1000n + 1n
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
