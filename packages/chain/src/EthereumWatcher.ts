import { w3bstreamSettlementAbi } from '@w3bstream/contracts'
import type { ChainState, NonceRow, SettlementWatcher, Telemetry, Watched } from '@w3bstream/core/ports'
import { ChainUnavailableError, type Settlement, type TaskRecord } from '@w3bstream/protocol'
import type { EthereumSender } from './EthereumSender.ts'
import { findSettled } from './findSettled.ts'
import { readContract } from './readContract.ts'
import { settlementOf } from './settlementOf.ts'

/** Tasks looked at at once. */
const PARALLEL = 8
/** Longest pause before a chain that is away is asked again. */
const MAX_PAUSE_MS = 15_000
/** A chain that is away is worth a line in the log so often. */
const WARN_EVERY_MS = 60_000

/** A chain that does not answer. */
interface Away {
  readonly since: number
  readonly until: number
  readonly pauseMs: number
}

/** Follows the transactions of every chain's sender, and looks after their nonces on the way. */
export class EthereumWatcher implements SettlementWatcher {
  readonly #senders: readonly EthereumSender[]
  readonly #state: ChainState
  readonly #telemetry: Telemetry | null
  readonly #routerFromBlock: bigint
  readonly #away = new Map<EthereumSender, Away>()
  readonly #warnedAt = new Map<EthereumSender, number>()

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

  /** Chains that are away are left for a later time. With no tasks it still looks after the nonces. */
  async watch(tasks: readonly TaskRecord[]): Promise<Watched[]> {
    for (const sender of this.#senders)
      if (!this.#isAway(sender) && (await this.#orLater(sender, () => sender.maintainIfDue())))
        this.#away.delete(sender)
    const seen: Watched[] = []
    for (let i = 0; i < tasks.length; i += PARALLEL) {
      const found = await Promise.all(tasks.slice(i, i + PARALLEL).map((task) => this.#look(task)))
      for (const one of found) if (one !== null) seen.push(one)
    }
    return seen
  }

  async #look(record: TaskRecord): Promise<Watched | null> {
    if (record.state !== 'submitted' && record.state !== 'settled') return null
    const row = record.state === 'submitted' ? await this.#state.rowOf(record.id) : null
    const sender = this.#senderOf(record, row)
    if (sender === undefined) return record.state === 'submitted' && row === null ? lost(record) : null
    if (this.#isAway(sender)) return null
    return this.#orLater(sender, async () => {
      if (row !== null) return this.#lookSubmitted(sender, record, row)
      if (record.state === 'submitted') return this.#lookWithoutNonce(sender, record)
      return record.settlement === null ? null : this.#lookSettled(sender, record, record.settlement)
    })
  }

  #senderOf(record: TaskRecord, row: NonceRow | null): EthereumSender | undefined {
    const result = record.result?.value
    return this.#senders.find(({ chain, account, router }) => {
      if (record.state === 'settled') return chain.chainId === record.settlement?.chainId
      if (row !== null) return chain.chainId === row.chainId && account === row.account
      return router !== null && chain.chainId === result?.chainId && router === result.router
    })
  }

  async #lookSubmitted(sender: EthereumSender, record: TaskRecord, row: NonceRow): Promise<Watched | null> {
    const task = record.id
    const mined = await sender.minedAttempt(row)
    if (mined === null) return null
    const outcome = await sender.outcome(task, mined.attempt, mined.receipt)
    switch (outcome.type) {
      case 'settled':
        return { type: 'settled', task, settlement: outcome.settlement }
      case 'reverted': {
        // Anyone may submit: a copy of the transaction that was mined first settles the task, and makes ours revert.
        const settled = await this.#settledByRouter(sender, record)
        if (settled === 'unknown') return null
        if (settled !== null) return { type: 'settled', task, settlement: settled }
        if (mined.receipt.blockNumber > (await sender.chain.finalBlockNumber())) return null
        return { type: 'reverted', task, reason: outcome.reason, transaction: mined.attempt.hash }
      }
      case 'filler':
        return row.status === 'used' ? lost(record) : null
    }
  }

  /** Its nonce is over without it, or the store was restored: the router knows whether it has the result. */
  async #lookWithoutNonce(sender: EthereumSender, record: TaskRecord): Promise<Watched | null> {
    const settled = await this.#settledByRouter(sender, record)
    if (settled === 'unknown') return null
    return settled === null ? lost(record) : { type: 'settled', task: record.id, settlement: settled }
  }

  /** @returns what the router has of a task, whoever submitted it; null: nothing; `unknown`: something that endpoints do not show */
  async #settledByRouter(sender: EthereumSender, record: TaskRecord): Promise<Settlement | null | 'unknown'> {
    const { chain, router } = sender
    if (router === null || record.result?.value.router !== router) return null
    const { projectId, sequencer, number } = record.task
    const consumed = await readContract(chain, {
      address: router,
      abi: w3bstreamSettlementAbi,
      functionName: 'consumed',
      args: [projectId, sequencer, number],
    })
    if (!consumed) return null
    const found = await findSettled(chain, router, record.id, this.#routerFromBlock)
    if (found === null || found === 'unknown') return found
    const receipt = await chain.receipt(found.transactionHash)
    return receipt === null ? 'unknown' : settlementOf(chain.chainId, router, receipt)
  }

  async #lookSettled(sender: EthereumSender, record: TaskRecord, settlement: Settlement): Promise<Watched | null> {
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

  #isAway(sender: EthereumSender): boolean {
    return (this.#away.get(sender)?.until ?? 0) > sender.clock.now()
  }

  async #orLater<T>(sender: EthereumSender, look: () => Promise<T>): Promise<T | null> {
    try {
      return await look()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (error instanceof ChainUnavailableError) this.#leaveAlone(sender, reason)
      else this.#telemetry?.log('error', 'a settlement could not be looked at; it will be again', { reason })
      return null
    }
  }

  /** Each time for longer; looks that fail together count as one. */
  #leaveAlone(sender: EthereumSender, reason: string): void {
    if (this.#isAway(sender)) return
    const now = sender.clock.now()
    const { chainId, preset } = sender.chain
    const before = this.#away.get(sender)
    const pauseMs = Math.min(MAX_PAUSE_MS, before === undefined ? preset.blockTimeMs : 2 * before.pauseMs)
    this.#away.set(sender, { since: before?.since ?? now, until: now + pauseMs, pauseMs })
    const warnedAt = this.#warnedAt.get(sender)
    if (warnedAt !== undefined && now - warnedAt < WARN_EVERY_MS) return
    this.#warnedAt.set(sender, now)
    this.#telemetry?.log('warn', 'settlements cannot be followed now', {
      chainId,
      reason,
      sinceMs: now - (before?.since ?? now),
    })
  }
}

const lost = (record: TaskRecord): Watched => ({ type: 'lost', task: record.id })
