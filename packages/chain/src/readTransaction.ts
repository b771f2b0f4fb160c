import { address, type Hex } from '@w3bstream/protocol'
import { parseTransaction } from 'viem'
import type { TransactionCall } from './signTransaction.ts'

/** Reads back what signed bytes do. */
export function readTransaction(raw: Hex): TransactionCall {
  const { to, data, gas } = parseTransaction(raw)
  return { to: to === null || to === undefined ? null : address(to), data: data ?? '0x', gas: gas ?? 0n }
}
