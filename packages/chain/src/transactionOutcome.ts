import { w3bstreamSettlementAbi } from '@w3bstream/contracts'
import type { Attempt } from '@w3bstream/core/ports'
import type { Address, Settlement, TaskId } from '@w3bstream/protocol'
import { type Abi, decodeEventLog, toEventSelector } from 'viem'
import type { ChainClient, TransactionReceipt } from './ChainClient.ts'
import { callFailure } from './callFailure.ts'
import { decodeRevert } from './decodeRevert.ts'
import { RpcError } from './RpcError.ts'
import { readTransaction } from './readTransaction.ts'
import { settlementOf } from './settlementOf.ts'
import type { TransactionCall } from './signTransaction.ts'

/** What a mined transaction did for one of its tasks. */
export type TransactionOutcome =
  | { readonly type: 'settled'; readonly settlement: Settlement }
  | { readonly type: 'reverted'; readonly reason: string }
  /** The transaction only fills a nonce that was given up. */
  | { readonly type: 'filler' }

const SETTLED = toEventSelector('Settled(bytes32,uint64,address,address,uint64,bytes32,bytes32,bytes32)')
const ITEM_FAILED = toEventSelector('ItemFailed(uint256,bytes32,bytes)')

/** @throws {ChainUnavailableError} while the reason of a revert cannot be found out */
export async function transactionOutcome(p: {
  readonly chain: ChainClient
  readonly account: Address
  /** The settlement router, whose events tell of each task. */
  readonly router: Address | null
  readonly task: TaskId
  readonly attempt: Attempt
  readonly receipt: TransactionReceipt
  readonly abis?: readonly Abi[]
}): Promise<TransactionOutcome> {
  const { chain, task, receipt } = p
  const call = readTransaction(p.attempt.raw)
  if (call.to === p.account && call.data === '0x') return { type: 'filler' }
  if (!receipt.success) return { type: 'reverted', reason: await whyReverted(p, call) }
  if (call.to === p.router) {
    const failed = receipt.logs.find((log) => isOf(log, p.router, ITEM_FAILED) && log.topics[2] === task)
    if (failed !== undefined) {
      const { args } = decodeEventLog({
        abi: w3bstreamSettlementAbi,
        eventName: 'ItemFailed',
        data: failed.data,
        topics: [ITEM_FAILED, ...failed.topics.slice(1)] as const,
      })
      const reason = args.reason === '0x' ? 'it ran out of its gas' : decodeRevert(args.reason, p.abis).reason
      return { type: 'reverted', reason }
    }
    if (!receipt.logs.some((log) => isOf(log, p.router, SETTLED) && log.topics[1] === task))
      return { type: 'reverted', reason: "the router's events do not name the task" }
  }
  return { type: 'settled', settlement: settlementOf(chain.chainId, call.to ?? p.account, receipt) }
}

function isOf(log: TransactionReceipt['logs'][number], emitter: Address | null, event: string): boolean {
  return log.address === emitter && log.topics[0] === event
}

/** Runs the transaction again as of the block before, since receipts do not carry reasons. */
async function whyReverted(
  p: {
    readonly chain: ChainClient
    readonly account: Address
    readonly receipt: TransactionReceipt
    readonly abis?: readonly Abi[]
  },
  call: TransactionCall,
): Promise<string> {
  const { chain, receipt } = p
  if (receipt.gasUsed >= call.gas) return `it ran out of gas (${call.gas})`
  if (call.to === null) return 'the deployment reverted'
  try {
    const { to, data, gas } = call
    await chain.call({ from: p.account, to, data, gas }, receipt.blockNumber - 1n)
    return 'it reverted in its block, and would not have one block earlier'
  } catch (error) {
    if (error instanceof RpcError) return callFailure(error, p.abis).reason
    throw error
  }
}
