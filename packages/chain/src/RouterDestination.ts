import { w3bstreamSettlementAbi } from '@w3bstream/contracts'
import type { Delivered, Destination, Outgoing } from '@w3bstream/core/ports'
import {
  type Address,
  ChainUnavailableError,
  DestinationRefusedError,
  type Hex,
  type Output,
  type Settlement,
  type TaskId,
} from '@w3bstream/protocol'
import { type Abi, decodeFunctionResult, encodeFunctionData } from 'viem'
import { chainAway } from './chainAway.ts'
import { deliveredEarlier } from './deliveredEarlier.ts'
import type { EthereumSender, Share } from './EthereumSender.ts'
import { estimateCall } from './estimateCall.ts'
import { findSettled } from './findSettled.ts'
import { RpcError } from './RpcError.ts'
import { type SettlementItem, settlementItem } from './settlementItem.ts'
import { settlementOf } from './settlementOf.ts'
import type { TransactionCall } from './signTransaction.ts'

export interface RouterDestinationOptions {
  /** Most gas that one task's settlement may need, its dApp included. */
  readonly maxGasPerTask: bigint
  /** Most tasks in one transaction. */
  readonly maxBatch: number
  /** Block at which the router was deployed. */
  readonly fromBlock: bigint
}

interface Ready {
  readonly share: Share
  readonly item: SettlementItem
}

const BASE_GAS = 21_000n
/** The most that any fork asks for a byte of calldata. */
const GAS_PER_BYTE = 40n
/** What the router spends on an item outside the item's own call. */
const GAS_PER_ITEM = 40_000n
const PARALLEL = 4
/** What the router refuses for as long as a project's owner leaves it so: no fault of the task. */
const MENDED_BY_OWNER: ReadonlySet<string> = new Set([
  'ProjectPaused',
  'SequencerNotAllowed',
  'DappNotBound',
  'DappWithoutCode',
  'VerifierNotRegistered',
])
const MEND_MS = 30_000

/** This deployment's own settlement router: one task by `settle`, several that wait together by `settleMany`, in one nonce. */
export class RouterDestination implements Destination {
  readonly types = ['settlement'] as const
  readonly #sender: EthereumSender
  readonly #router: Address
  readonly #abis: readonly Abi[]
  readonly #options: RouterDestinationOptions

  constructor(
    modules: {
      readonly sender: EthereumSender
      readonly contracts: { readonly settlement: Address }
      /** Of dApps, to decode what they refuse with. */
      readonly abis?: readonly Abi[]
    },
    options: Partial<RouterDestinationOptions> = {},
  ) {
    this.#sender = modules.sender
    this.#router = modules.contracts.settlement
    this.#abis = modules.abis ?? []
    this.#options = { maxGasPerTask: 3_000_000n, maxBatch: 16, fromBlock: 0n, ...options }
  }

  async deliver(items: readonly Outgoing[]): Promise<Map<TaskId, Delivered | Error>> {
    const results = new Map<TaskId, Delivered | Error>()
    const ready: Ready[] = []
    for (let i = 0; i < items.length; i += PARALLEL) {
      const slice = items.slice(i, i + PARALLEL)
      const prepared = await Promise.all(slice.map((item) => orAnswer(() => this.#prepare(item))))
      // In the order given, which is that of age.
      for (const [j, one] of prepared.entries()) {
        const task = slice[j]?.record.id
        if ('share' in one) ready.push(one)
        else if (task !== undefined) results.set(task, one)
      }
    }
    for (const batch of this.#batches(ready)) {
      const sent = await orAnswer(() => this.#send(batch))
      for (const { share } of batch)
        results.set(share.task, sent instanceof Map ? (sent.get(share.task) ?? AGAIN) : sent)
    }
    return results
  }

  /** @returns what has become of the task, or what it takes to send it */
  async #prepare(item: Outgoing): Promise<Delivered | Ready> {
    const { id, task } = item.record
    const dapp = dappAbi(item.output)
    const known = deliveredEarlier(await this.#sender.earlier(id, dapp)) ?? this.#sender.paused()
    if (known !== null) return known
    const settlement = settlementItem(item, this.#sender.chain.chainId, this.#router)
    const call = { from: this.#sender.account, to: this.#router, data: settleData(settlement) }
    const gas = this.#options.maxGasPerTask
    const estimate = await estimateCall(this.#sender.chain, { ...call, gas }, [...this.#abis, ...dapp])
    if (estimate.type === 'gas')
      return { share: { task: id, projectId: task.projectId, gas: withRoom(estimate.gas) }, item: settlement }
    const { name, reason } = estimate.revert
    if (name !== null && MENDED_BY_OWNER.has(name)) return { type: 'waiting', reason, retryAfterMs: MEND_MS }
    if (name !== 'TaskAlreadySettled') throw this.#refused(reason)
    return { type: 'consumed', settlement: await this.#consumedBy(id) }
  }

  /** @throws {DestinationRefusedError} another task took this one's number @throws {ChainUnavailableError} */
  async #consumedBy(task: TaskId): Promise<Settlement> {
    const { chain } = this.#sender
    const found = await findSettled(chain, this.#router, task, this.#options.fromBlock)
    if (found === null) throw this.#refused("another task was settled under this task's number")
    const receipt = found === 'unknown' ? null : await chain.receipt(found.transactionHash)
    if (receipt === null)
      throw new ChainUnavailableError({
        chainId: chain.chainId,
        reason: `the router has settled task ${task}, but the endpoints do not show the event`,
      })
    return settlementOf(chain.chainId, this.#router, receipt)
  }

  /** Tasks in groups that one transaction can carry. */
  #batches(ready: readonly Ready[]): Ready[][] {
    const batches: Ready[][] = []
    let batch: Ready[] = []
    for (const item of ready) {
      const larger = [...batch, item]
      const fits = larger.length <= this.#options.maxBatch && gasOf(larger) <= this.#sender.options.maxGasPerTransaction
      if (fits || batch.length === 0) {
        batch = larger
      } else {
        batches.push(batch)
        batch = [item]
      }
    }
    if (batch.length > 0) batches.push(batch)
    return batches
  }

  async #send(batch: readonly Ready[]): Promise<Map<TaskId, Delivered>> {
    const able = batch.length === 1 ? batch : await this.#simulateMany(batch)
    if (able.length === 0) return new Map()
    return this.#sender.send(
      able.map(({ share }) => share),
      (tasks) => this.#call(able.filter(({ share }) => tasks.has(share.task))),
    )
  }

  /** Runs them together: those that fail in company stay behind, and are tried again without it. */
  async #simulateMany(batch: readonly Ready[]): Promise<readonly Ready[]> {
    const { to, data, gas } = this.#call(batch)
    let answer: Hex
    try {
      answer = await this.#sender.chain.call({ from: this.#sender.account, to: to ?? this.#router, data, gas })
    } catch (error) {
      // An endpoint that does not run so much gas in a call: one after the other.
      if (error instanceof RpcError) return batch.slice(0, 1)
      throw error
    }
    const settled = decodeFunctionResult({ abi: w3bstreamSettlementAbi, functionName: 'settleMany', data: answer })
    const able = batch.filter((_, i) => settled[i] === true)
    return able.length > 0 ? able : batch.slice(0, 1)
  }

  #call(batch: readonly Ready[]): TransactionCall {
    const [first] = batch
    if (first !== undefined && batch.length === 1)
      return { to: this.#router, data: settleData(first.item), gas: first.share.gas }
    return { to: this.#router, data: settleManyData(batch), gas: gasOf(batch) }
  }

  #refused(reason: string): DestinationRefusedError {
    return new DestinationRefusedError({ destination: `router ${this.#router}`, reason })
  }
}

const AGAIN: Delivered = { type: 'waiting', reason: 'it fails together with its neighbours', retryAfterMs: 1_000 }

/** The ABI that the project file gives of its dApp. */
function dappAbi(output: Output): readonly Abi[] {
  if (output.type !== 'settlement' || output.contractAbiJSON === undefined) return []
  const abi: unknown = JSON.parse(output.contractAbiJSON)
  return Array.isArray(abi) ? [abi] : []
}

/** An estimate is what was enough a moment ago; storage that another task touches first makes it more. */
const withRoom = (gas: bigint): bigint => gas + gas / 5n

function settleData(item: SettlementItem): Hex {
  const { task, assignment, assignmentSignature, result, resultSignature, proof, outputs } = item
  return encodeFunctionData({
    abi: w3bstreamSettlementAbi,
    functionName: 'settle',
    args: [task, assignment, assignmentSignature, result, resultSignature, proof, outputs],
  })
}

function settleManyData(batch: readonly Ready[]): Hex {
  return encodeFunctionData({
    abi: w3bstreamSettlementAbi,
    functionName: 'settleMany',
    args: [batch.map(({ item, share }) => ({ ...item, gasLimit: share.gas }))],
  })
}

function gasOf(batch: readonly Ready[]): bigint {
  const bytes = BigInt((settleManyData(batch).length - 2) / 2)
  // The router asks for 64/63 of an item's gas before it calls (EIP-150).
  const items = batch.reduce((sum, { share }) => sum + share.gas + share.gas / 63n + GAS_PER_ITEM, 0n)
  return BASE_GAS + bytes * GAS_PER_BYTE + items
}

/** Errors are one task's answer, not the batch's; a chain that is away is a reason to wait. */
async function orAnswer<T>(work: () => Promise<T>): Promise<T | Delivered | Error> {
  try {
    return await work()
  } catch (error) {
    return chainAway(error)
  }
}
