import { w3bstreamSettlementAbi } from '@w3bstream/contracts'
import type { ChainState, SettlementWatcher, Telemetry, Watched } from '@w3bstream/core/ports'
import { ChainUnavailableError, type Settlement, type TaskRecord } from '@w3bstream/protocol'
import type { EthereumSender } from './EthereumSender.ts'
import { findSettled } from './findSettled.ts'
import { readContract } from './readContract.ts'
import { settlementOf } from './settlementOf.ts'

/** Tasks looked at at once. */
const PARALLEL = 8

/** Follows the transactions of every chain's sender, and looks after their nonces on the way. */
export class EthereumWatcher implements SettlementWatcher {
  readonly #senders: readonly EthereumSender[]
  readonly #state: ChainState
  readonly #telemetry: Telemetry | null
  readonly #routerFromBlock: bigint

  constructor(
    modules: {
      readonly senders: readonly EthereumSender[]
      readonly state: ChainState
      readonly telemetry?: Telemetry
    },
    options: { readonly routerFromBlock?: bigint } = {},
  ) {
    this.#senders = modules.senders
    this.#state = modules.state
    this.#telemetry = modules.telemetry ?? null
    this.#routerFromBlock = options.routerFromBlock ?? 0n
  }

  /** Chains that are away are left for the next time. With no tasks it still looks after the nonces. */
  async watch(tasks: readonly TaskRecord[]): Promise<Watched[]> {
    for (const sender of this.#senders) await this.#orLater(() => sender.maintain())
    const seen: Watched[] = []
    for (let i = 0; i < tasks.length; i += PARALLEL) {
      const slice = tasks.slice(i, i + PARALLEL)
      const found = await Promise.all(slice.map((task) => this.#orLater(() => this.#look(task))))
      for (const one of found) if (one !== null) seen.push(one)
    }
    return seen
  }

  async #look(record: TaskRecord): Promise<Watched | null> {
    if (record.state === 'submitted') return this.#lookSubmitted(record)
    if (record.state === 'settled' && record.settlement !== null) return this.#lookSettled(record, record.settlement)
    return null
  }

  async #lookSubmitted(record: TaskRecord): Promise<Watched | null> {
    const task = record.id
    const row = await this.#state.rowOf(task)
    if (row === null) return this.#lookWithoutNonce(record)
    const sender = this.#senders.find(({ chain, account }) => chain.chainId === row.chainId && account === row.account)
    const mined = await sender?.minedAttempt(row)
    if (sender === undefined || mined === undefined || mined === null) return null
    const outcome = await sender.outcome(task, mined.attempt, mined.receipt)
    switch (outcome.type) {
      case 'settled':
        return { type: 'settled', task, settlement: outcome.settlement }
      case 'reverted':
        return { type: 'reverted', task, reason: outcome.reason, transaction: mined.attempt.hash }
      case 'filler':
        return row.status === 'used' ? { type: 'lost', task } : null
    }
  }

  /** Its nonce is over without it, or the store was restored: the router knows whether it has the result. */
  async #lookWithoutNonce(record: TaskRecord): Promise<Watched | null> {
    const task = record.id
    const result = record.result?.value
    const sender = this.#senders.find(
      ({ chain, router }) => chain.chainId === result?.chainId && router === result.router,
    )
    if (sender === undefined || sender.router === null) return { type: 'lost', task }
    const { projectId, sequencer, number } = record.task
    const consumed = await readContract(sender.chain, {
      address: sender.router,
      abi: w3bstreamSettlementAbi,
      functionName: 'consumed',
      args: [projectId, sequencer, number],
    })
    if (!consumed) return { type: 'lost', task }
    const found = await findSettled(sender.chain, sender.router, task, this.#routerFromBlock)
    if (found === null) return { type: 'lost', task }
    const receipt = found === 'unknown' ? null : await sender.chain.receipt(found.transactionHash)
    if (receipt === null) return null
    return { type: 'settled', task, settlement: settlementOf(sender.chain.chainId, sender.router, receipt) }
  }

  async #lookSettled(record: TaskRecord, settlement: Settlement): Promise<Watched | null> {
    const sender = this.#senders.find(({ chain }) => chain.chainId === settlement.chainId)
    if (sender === undefined) return null
    const { transactionHash } = settlement
    // One endpoint that lags is no reorg.
    const receipt =
      (await sender.chain.receipt(transactionHash)) ?? (await sender.chain.receiptAnywhere(transactionHash))
    if (receipt === null || receipt.blockHash !== settlement.blockHash) {
      // Sends the bytes again, where they are ours.
      await sender.earlier(record.id)
      return { type: 'reorged', task: record.id, lost: settlement.blockHash }
    }
    const final = await sender.chain.finalBlockNumber()
    return receipt.blockNumber <= final ? { type: 'finalized', task: record.id } : null
  }

  async #orLater<T>(look: () => Promise<T>): Promise<T | null> {
    try {
      return await look()
    } catch (error) {
      const level = error instanceof ChainUnavailableError ? 'warn' : 'error'
      const reason = error instanceof Error ? error.message : String(error)
      this.#telemetry?.log(level, 'a settlement could not be looked at; it will be again', { reason })
      return null
    }
  }
}
