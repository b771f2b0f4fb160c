import { w3bstreamSettlementAbi } from '@w3bstream/contracts'
import { type Address, ChainUnavailableError, type Hash, type Hex, hash, type Receipt } from '@w3bstream/protocol'
import { decodeEventLog, toEventSelector } from 'viem'
import { ChainClient, type TransactionReceipt } from './ChainClient.ts'
import { chainPreset } from './chainPresets.ts'
import { readChainId } from './readChainId.ts'
import { readContract } from './readContract.ts'

/** One thing that was looked up on the chain. */
export interface ChainCheck {
  readonly name: string
  readonly ok: boolean
  /** What holds, or what does not. */
  readonly detail: string
}

const SETTLED = toEventSelector('Settled(bytes32,uint64,address,address,uint64,bytes32,bytes32,bytes32)')

/**
 * Checks a receipt's transaction against a chain endpoint: chain id, transaction and block, the router's `Settled` event with this task, root, prover
 * and outputs, the registrar behind the router, and that the task's number is consumed. What a receipt says offline is `verifyReceipt`'s to check.
 *
 * @param receipt as `parseReceipt` reads it
 * @param rpcUrl of whom the reader trusts
 * @returns the checks in the order they were made; none follows one that all others rest on
 * @throws {ChainUnavailableError} the endpoint does not answer
 */
export async function verifyReceiptOnChain(p: {
  readonly receipt: Receipt
  readonly rpcUrl: string
  /** The router that the reader trusts; without it the receipt's own is taken, which its prover named. */
  readonly router?: Address
  readonly timeoutMs?: number
}): Promise<ChainCheck[]> {
  const { receipt } = p
  const { chainId, contract, transactionHash } = receipt
  if (chainId === null || contract === null || transactionHash === null)
    return [{ name: 'settled', ok: false, detail: `the receipt names no transaction: its task is ${receipt.state}` }]
  const timeoutMs = p.timeoutMs ?? 10_000
  const actual = await askChainId(p.rpcUrl, chainId, timeoutMs)
  const onChain = check('chainId', actual === BigInt(chainId), `chain ${chainId}`, `the endpoint is on chain ${actual}`)
  if (!onChain.ok) return [onChain]
  const trusted = p.router ?? contract
  if (contract !== trusted)
    return [onChain, check('router', false, '', `it went to ${contract}, and the router is ${trusted}`)]
  const chain = new ChainClient({ preset: chainPreset(BigInt(chainId)), rpc: [p.rpcUrl] }, { timeoutMs })
  try {
    return [onChain, ...(await transactionChecks(chain, receipt, contract, hash(transactionHash)))]
  } finally {
    chain.close()
  }
}

/** Asked before a client is made of it, which would take another chain's endpoint for one that is away. */
async function askChainId(url: string, chainId: number, timeoutMs: number): Promise<bigint> {
  try {
    return await readChainId(url, timeoutMs)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ChainUnavailableError({ chainId: BigInt(chainId), reason, cause })
  }
}

async function transactionChecks(
  chain: ChainClient,
  receipt: Receipt,
  contract: Address,
  transaction: Hash,
): Promise<ChainCheck[]> {
  const mined = await chain.receipt(transaction)
  if (mined === null) return [check('transaction', false, '', `the chain has no transaction ${transaction}`)]
  const checks = [
    check('transaction', mined.success, `${transaction} is mined and successful`, 'the transaction reverted'),
    check(
      'block',
      mined.blockNumber === BigInt(receipt.blockNumber ?? -1) && mined.blockHash === receipt.evidence.blockHash,
      `block ${mined.blockNumber}, ${mined.blockHash}`,
      `it is in block ${mined.blockNumber}, ${mined.blockHash}`,
    ),
    check(
      'gasUsed',
      mined.gasUsed === BigInt(receipt.gasUsed ?? -1),
      `${mined.gasUsed} gas`,
      `it used ${mined.gasUsed} gas`,
    ),
    await finality(chain, mined),
  ]
  if (receipt.evidence.result?.router !== contract) {
    // An arbitrary contract's method: the chain shows that it was called, not what it makes of the proof.
    checks.push(check('contract', mined.to === contract, `it calls ${contract}`, `it calls ${mined.to}`))
    return checks
  }
  const events = eventChecks(receipt, mined, contract)
  checks.push(...events)
  // Whatever did not emit the event need not be a router, and is not asked as one.
  return events[0]?.ok === true ? [...checks, ...(await routerChecks(chain, receipt, contract))] : checks
}

async function finality(chain: ChainClient, mined: TransactionReceipt): Promise<ChainCheck> {
  const final = await chain.finalBlockNumber()
  const depth = chain.preset.finalityDepth
  return check(
    'final',
    mined.blockNumber <= final,
    `${depth} blocks or more follow it`,
    `fewer than ${depth} blocks follow it: it may still be reorganised away`,
  )
}

function eventChecks(receipt: Receipt, mined: TransactionReceipt, router: Address): ChainCheck[] {
  const log = mined.logs.find(
    ({ address, topics }) => address === router && topics[0] === SETTLED && topics[1] === receipt.taskId,
  )
  if (log === undefined) return [check('event', false, '', `the router did not settle task ${receipt.taskId} in it`)]
  const { args } = decodeEventLog({
    abi: w3bstreamSettlementAbi,
    eventName: 'Settled',
    data: log.data,
    topics: [SETTLED, ...log.topics.slice(1)] as [Hex, Hex, Hex, Hex],
  })
  const same = (name: string, expected: string | null | undefined, actual: string): ChainCheck =>
    check(name, expected?.toLowerCase() === actual.toLowerCase(), actual, `the chain has ${actual}`)
  return [
    check('event', true, 'the router settled this task in it', ''),
    same('project', receipt.projectId, String(args.projectId)),
    same('prover', receipt.prover, args.prover),
    same('sequencer', receipt.evidence.task.sequencer, args.sequencer),
    same('taskNumber', receipt.taskNumber, String(args.number)),
    same('merkleRoot', receipt.merkleRoot, args.messagesRoot),
    same('outputsHash', receipt.evidence.result?.outputsHash, args.outputsHash),
  ]
}

async function routerChecks(chain: ChainClient, receipt: Receipt, router: Address): Promise<ChainCheck[]> {
  const call = { address: router, abi: w3bstreamSettlementAbi } as const
  const { sequencer } = receipt.evidence.task
  const number = [BigInt(receipt.projectId), sequencer, BigInt(receipt.taskNumber)] as const
  const registrar = await readContract(chain, { ...call, functionName: 'projectRegistrar', args: [] })
  const consumed = await readContract(chain, { ...call, functionName: 'consumed', args: number })
  const expected = receipt.evidence.domain.verifyingContract
  return [
    check(
      'registrar',
      registrar.toLowerCase() === expected,
      `${expected} is the router's`,
      `the router's is ${registrar}`,
    ),
    check(
      'consumed',
      consumed,
      'the router takes no other result for this task',
      'the router has not consumed its number',
    ),
  ]
}

function check(name: string, ok: boolean, holds: string, otherwise: string): ChainCheck {
  return { name, ok, detail: ok ? holds : otherwise }
}
