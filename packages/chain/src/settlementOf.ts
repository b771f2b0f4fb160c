import type { Address, Settlement } from '@w3bstream/protocol'
import type { TransactionReceipt } from './ChainClient.ts'

/** A receipt, as a task's record has it. */
export function settlementOf(chainId: bigint, contract: Address, receipt: TransactionReceipt): Settlement {
  const { transactionHash, blockNumber, blockHash, gasUsed } = receipt
  return { chainId, contract, transactionHash, blockNumber, blockHash, gasUsed }
}
