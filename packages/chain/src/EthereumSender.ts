import type { Attempt, ChainState, Clock, Delivered, NonceRow, Signer, Telemetry } from '@w3bstream/core/ports'
import { type Address, ChainUnavailableError, type ProjectId, type TaskId } from '@w3bstream/protocol'
import type { Abi } from 'viem'
import { bumpFees } from './bumpFees.ts'
import type { ChainClient, TransactionReceipt } from './ChainClient.ts'
import { NonceBehindError } from './NonceBehindError.ts'
import { type Fees, quoteFees } from './quoteFees.ts'
import { RpcError } from './RpcError.ts'
import { readTransaction } from './readTransaction.ts'
import { signTransaction, type TransactionCall } from './signTransaction.ts'
import { Turns } from './Turns.ts'
import { type TransactionOutcome, transactionOutcome } from './transactionOutcome.ts'

export interface EthereumSenderOptions {
  /** Most nonces of the account that are not mined yet. */
  readonly maxInFlight: number
  /** Most gas that one transaction may ask for. */
  readonly maxGasPerTransaction: bigint
  /** Most wei that a project may cost on a UTC day; null: no bound. */
  readonly maxSpendPerDay: bigint | null
  /** A transaction that is next in line and not mined for so long gets a better price. */
  readonly replaceAfterMs: number
  /** Unmined bytes are handed to the endpoints again after so long. */
  readonly resendAfterMs: number
  /**
   * A nonce that was allocated and not signed for so long is given up. Signing takes half of it at the most, so that nobody signs what another
   * gave up.
   */
  readonly abandonAfterMs: number
  /** Go on from the chain's nonce where it is ahead of the store's: an operator's word, after a restore. */
  readonly adoptChainNonce: boolean
}

/** A task's part of a transaction. */
export interface Share {
  readonly task: TaskId
  readonly projectId: ProjectId
  readonly gas: bigint
}

/** What is known of a task from its nonce, if it has one. */
export type Earlier =
  /** It may have a new nonce. */
  | { readonly type: 'none' }
  /** Its bytes were sent again. */
  | { readonly type: 'submitted' }
  /** Allocated and not signed: somebody may be signing at this moment. */
  | { readonly type: 'unsigned' }
  | { readonly type: 'mined'; readonly outcome: TransactionOutcome; readonly final: boolean }

const DEFAULTS: Omit<EthereumSenderOptions, 'replaceAfterMs'> = {
  maxInFlight: 8,
  maxGasPerTransaction: 12_000_000n,
  maxSpendPerDay: null,
  resendAfterMs: 30_000,
  abandonAfterMs: 20_000,
  adoptChainNonce: false,
}
const TRANSFER_GAS = 21_000n
/** Tasks whose contracts' ABIs are kept to decode what they may revert with. */
const MAX_ABIS = 500
/** Rows whose bytes are sent again in one pass after a deep reorg. */
const MAX_RESENT = 64
/** First and longest pause of an account that cannot pay. */
const UNFUNDED_MS = [2_000, 60_000] as const
/** What a settlement about needs. */
const SETTLEMENT_GAS = 1_000_000n
/** How often the chain is looked at while no nonce is open. */
const IDLE_MS = 15_000
/** More than endpoints of one chain lag behind each other. */
const LAG_BLOCKS = 10n

/**
 * One account on one chain, and the rules by which it spends nonces:
 * signed bytes are stored before they are sent; a task has one live nonce; the same bytes are sent again after a reorg or on repeat; a better price
 * is a further attempt of the same nonce; a nonce is done when a final block shows it used; one that was given up is filled by a transfer to itself.
 */
export class EthereumSender {
  readonly chain: ChainClient
  readonly account: Address
  /** The settlement router, whose events tell what became of each task. */
  readonly router: Address | null
  readonly options: EthereumSenderOptions
  readonly clock: Clock
  readonly #signer: Signer
  readonly #state: ChainState
  readonly #telemetry: Telemetry | null
  readonly #abis: readonly Abi[]
  readonly #turns = new Turns()
  readonly #abisOf = new Map<TaskId, readonly Abi[]>()
  readonly #sentAt = new Map<number, number>()
  /** Block at which a nonce was first seen to be used by none of ours. */
  readonly #missingSince = new Map<number, bigint>()
  #maintainedAt: number | null = null
  /** The account could not pay: nothing is tried until then. */
  #pause: { readonly until: number; readonly ms: number; readonly reason: string } | null = null

  constructor(
    modules: {
      readonly chain: ChainClient
      readonly signer: Signer
      readonly state: ChainState
      readonly clock: Clock
      readonly telemetry?: Telemetry
      readonly router?: Address
      /** Of contracts behind the router, to decode what they revert with. */
      readonly abis?: readonly Abi[]
    },
    options: Partial<EthereumSenderOptions> = {},
  ) {
    this.chain = modules.chain
    this.account = modules.signer.address
    this.router = modules.router ?? null
    this.#signer = modules.signer
    this.#state = modules.state
    this.clock = modules.clock
    this.#telemetry = modules.telemetry ?? null
    this.#abis = modules.abis ?? []
    const replaceAfterMs = Math.max(30_000, 12 * modules.chain.preset.blockTimeMs)
    this.options = { ...DEFAULTS, replaceAfterMs, ...options }
  }

  /**
   * To be called before anything is sent.
   * @throws {NonceBehindError} the chain knows of transactions that the store does not @throws {ChainUnavailableError}
   */
  async checkStart(): Promise<void> {
    await this.chain.check()
    const [stored, pending] = await Promise.all([this.#storedNext(), this.#count('pending')])
    // A store that never sent anything has nothing to send twice.
    if (stored === null || pending <= stored) return
    const final = await this.#count(await this.chain.finalBlockNumber())
    if (this.options.adoptChainNonce && final >= pending) return
    throw new NonceBehindError({ chainId: this.chain.chainId, account: this.account, stored, chain: pending, final })
  }

  /**
   * What became of a task that was sent before; sends its bytes again where they are not mined.
   * @param abis of the contracts that it calls, to decode what they revert with, now or when it is mined @throws {ChainUnavailableError}
   */
  async earlier(task: TaskId, abis: readonly Abi[] = []): Promise<Earlier> {
    if (abis.length > 0) this.#remember(task, abis)
    let row = await this.#state.rowOf(task)
    if (row?.status === 'live') {
      // What was mined may be final, and what was never signed for may be given up by now.
      await this.maintain()
      row = await this.#state.rowOf(task)
    }
    if (row === null || row.chainId !== this.chain.chainId || row.account !== this.account) return { type: 'none' }
    if (row.attempts.length === 0) return row.status === 'live' ? { type: 'unsigned' } : { type: 'none' }
    const mined = await this.minedAttempt(row)
    if (mined !== null) {
      const outcome = await this.outcome(task, mined.attempt, mined.receipt)
      return { type: 'mined', outcome, final: row.status === 'used' }
    }
    await this.#resend(row)
    return { type: 'submitted' }
  }

  /** The attempt of a row that is in a block now, with its receipt. */
  async minedAttempt(
    row: NonceRow,
  ): Promise<{ readonly attempt: Attempt; readonly receipt: TransactionReceipt } | null> {
    for (const attempt of row.attempts.toReversed()) {
      const receipt = await this.chain.receipt(attempt.hash)
      if (receipt !== null) return { attempt, receipt }
    }
    return null
  }

  /** What a mined attempt did for one of its tasks. */
  async outcome(task: TaskId, attempt: Attempt, receipt: TransactionReceipt): Promise<TransactionOutcome> {
    const { chain, account, router } = this
    const abis = [...this.#abis, ...(this.#abisOf.get(task) ?? [])]
    return transactionOutcome({ chain, account, router, task, attempt, receipt, abis })
  }

  /** The latest alone: a reason that cannot be decoded is still shown in hex. */
  #remember(task: TaskId, abis: readonly Abi[]): void {
    const [oldest] = this.#abisOf.keys()
    if (this.#abisOf.size >= MAX_ABIS && oldest !== undefined) this.#abisOf.delete(oldest)
    this.#abisOf.set(task, abis)
  }

  /**
   * Whether the account has run out of money: asked before a task is prepared, so that a long wait costs no calls to the chain. The pause grows while
   * the account cannot pay, and ends by itself.
   * @returns the answer for every task that wants a nonce, or null
   */
  paused(): Delivered | null {
    if (this.#pause === null) return null
    const leftMs = this.#pause.until - this.clock.now()
    // Clocks are set back, too.
    return leftMs > 0 && leftMs <= this.#pause.ms ? this.#wait(this.#pause.reason, leftMs) : null
  }

  /**
   * Looks whether the account can pay for a settlement at today's price, beside what is in flight, and says so in the gauge `w3b_account_unfunded`.
   * Ends the pause of one that can. @throws {ChainUnavailableError}
   */
  async checkFunds(): Promise<boolean> {
    const fees = await quoteFees(this.chain)
    // Over the ceiling nothing is sent, whatever the account holds.
    if (fees === null) return true
    const [latest, open] = await Promise.all([
      this.#count('latest'),
      this.#state.open(this.chain.chainId, this.account),
    ])
    const inFlight = open.filter((row) => row.nonce >= latest)
    const short = await this.#unfunded(SETTLEMENT_GAS * fees.maxFeePerGas, inFlight)
    if (short === null) this.#pause = null
    this.#tellFunds(short)
    return short === null
  }

  /**
   * Sends one transaction for tasks without a live nonce: allocates, signs, stores, broadcasts.
   * @param build makes the call for those of the tasks that really got the nonce
   * @throws {ChainUnavailableError} nothing was allocated
   */
  async send(
    shares: readonly Share[],
    build: (tasks: ReadonlySet<TaskId>) => TransactionCall,
  ): Promise<Map<TaskId, Delivered>> {
    return this.#turns.run(async () => {
      const delivered = await this.#sendNow(shares, build)
      return new Map(shares.map(({ task }) => [task, delivered]))
    })
  }

  /** Looks after the account's nonces: finality, replacement, reorgs, those that were given up. @throws {ChainUnavailableError} */
  async maintain(): Promise<void> {
    return this.#turns.run(() => this.#maintainNow())
  }

  /**
   * `maintain`, once a block time at the most, and where no nonce is open four times a minute: only a reorg deeper than finality gives work then.
   * @returns whether it was due @throws {ChainUnavailableError}
   */
  async maintainIfDue(): Promise<boolean> {
    const open = await this.#state.open(this.chain.chainId, this.account)
    const everyMs = open.length > 0 ? this.chain.preset.blockTimeMs : IDLE_MS
    // Clocks are set back, too.
    if (this.#maintainedAt !== null && Math.abs(this.clock.now() - this.#maintainedAt) < everyMs) return false
    await this.maintain()
    return true
  }

  async #maintainNow(): Promise<void> {
    this.#maintainedAt = this.clock.now()
    const [final, rows] = await Promise.all([
      this.chain.finalBlockNumber(),
      this.#state.open(this.chain.chainId, this.account),
    ])
    const { latest, finalised } = await this.#counts(final, rows)
    for (const row of rows) {
      if (row.nonce < finalised) await this.#close(row, final)
      else if (row.nonce >= latest) await this.#push(row, row.nonce === latest)
    }
    await this.#resendClosed(latest, new Set(rows.map((row) => row.nonce)))
  }

  async #sendNow(shares: readonly Share[], build: (tasks: ReadonlySet<TaskId>) => TransactionCall): Promise<Delivered> {
    const all = new Set(shares.map(({ task }) => task))
    const planned = build(all)
    const [stored, pending, final, open] = await Promise.all([
      this.#storedNext(),
      this.#count('pending'),
      this.chain.finalBlockNumber(),
      this.#state.open(this.chain.chainId, this.account),
    ])
    const { latest } = await this.#counts(final, open)
    if (stored !== null && pending > stored && !this.options.adoptChainNonce)
      return this.#wait(
        `the chain has seen ${pending} transactions of account ${this.account}, the store ${stored}: something else uses the account, or the store is an older backup`,
      )
    const next = Math.max(stored ?? 0, pending)
    if (next - latest >= this.options.maxInFlight) return this.#wait(`${next - latest} transactions are in flight`)
    const fees = await quoteFees(this.chain)
    if (fees === null)
      return this.#wait(
        `gas costs more than the ceiling of ${this.chain.preset.maxFeePerGas} wei on ${this.chain.preset.name}`,
      )
    const inFlight = open.filter((row) => row.nonce >= latest)
    const short = await this.#unfunded(planned.gas * fees.maxFeePerGas, inFlight)
    if (short !== null) return this.#pauseFor(short)
    if (this.#pause !== null) {
      this.#pause = null
      this.#tellFunds(null)
    }
    const over = await this.#overspent(shares, fees)
    if (over !== null) return over
    const row = await this.#state.allocate({
      chainId: this.chain.chainId,
      account: this.account,
      tasks: [...all],
      chainNext: pending,
      at: this.clock.now(),
    })
    if (row === null) {
      await this.#maintainNow()
      return this.#wait('another settler took the task, or its nonce that was given up is not final yet')
    }
    const kept = new Set(row.tasks)
    const call = kept.size === all.size ? planned : build(kept)
    const signed = await this.#attempt(row, call, fees)
    if (signed === null) return this.#wait('signing took too long')
    // Booked once the bytes are stored: before that, every write takes from the time for signing.
    const booked = shares.filter(({ task }) => kept.has(task))
    await Promise.all([this.#spend(booked, fees), this.#broadcast(signed)])
    return { type: 'submitted' }
  }

  #pauseFor(reason: string): Delivered {
    const [firstMs, mostMs] = UNFUNDED_MS
    const ms = this.#pause === null ? firstMs : Math.min(mostMs, 2 * this.#pause.ms)
    if (this.#pause === null) this.#telemetry?.log('error', 'settlements of an account are paused', { reason })
    this.#pause = { until: this.clock.now() + ms, ms, reason }
    this.#tellFunds(reason)
    return this.#wait(reason, ms)
  }

  #tellFunds(short: string | null): void {
    const labels = { chain: String(this.chain.chainId), account: this.account }
    this.#telemetry?.gauge('w3b_account_unfunded', short === null ? 0 : 1, labels)
  }

  #wait(reason: string, retryAfterMs = Math.max(1_000, this.chain.preset.blockTimeMs)): Delivered {
    return { type: 'waiting', reason, retryAfterMs }
  }

  #storedNext(): Promise<number | null> {
    return this.#state.nextNonce(this.chain.chainId, this.account)
  }

  #count(at: 'latest' | 'pending' | bigint): Promise<number> {
    return this.chain.transactionCount(this.account, at)
  }

  /** How many of the account's nonces are mined, and how many of them finally. */
  async #counts(
    final: bigint,
    open: readonly NonceRow[],
  ): Promise<{ readonly latest: number; readonly finalised: number }> {
    if (!this.chain.preset.historicalState) return this.#countByReceipts(final, open)
    const [latest, finalised] = await Promise.all([this.#count('latest'), this.#count(final)])
    return { latest, finalised }
  }

  /** Where endpoints count pending transactions as sent: up to the first of ours that is not in a block, or not in a final one. */
  async #countByReceipts(
    final: bigint,
    open: readonly NonceRow[],
  ): Promise<{ readonly latest: number; readonly finalised: number }> {
    let finalised: number | null = null
    for (const row of open) {
      const mined = await this.minedAttempt(row)
      if (mined === null && !(await this.#usedByOther(row)))
        return { latest: row.nonce, finalised: finalised ?? row.nonce }
      if (mined !== null && mined.receipt.blockNumber > final) finalised ??= row.nonce
    }
    const next = (await this.#storedNext()) ?? (await this.#count('pending'))
    return { latest: next, finalised: finalised ?? next }
  }

  /**
   * Whether a transaction that is not ours has used a nonce: the chain takes none of our bytes for it because it is past it, knows none of them as
   * mined, and that for so many blocks that it is no endpoint's lag.
   */
  async #usedByOther(row: NonceRow): Promise<boolean> {
    const newest = row.attempts.at(-1)
    const sentAt = this.#sentAt.get(row.nonce) ?? newest?.at ?? 0
    if (newest === undefined || this.clock.now() - sentAt < this.options.resendAfterMs) return false
    try {
      await this.chain.broadcast(newest.raw)
      this.#missingSince.delete(row.nonce)
      return false
    } catch (error) {
      if (!(error instanceof RpcError) || !/nonce.*(?:too )?low/i.test(error.message)) return false
    }
    for (const { hash } of row.attempts) if ((await this.chain.receiptAnywhere(hash)) !== null) return false
    const head = await this.chain.blockNumber()
    const since = this.#missingSince.get(row.nonce) ?? head
    this.#missingSince.set(row.nonce, since)
    return head - since >= BigInt(this.chain.preset.finalityDepth) + LAG_BLOCKS
  }

  /** @returns why the account cannot pay for it and for what is in flight already, or null */
  async #unfunded(cost: bigint, inFlight: readonly NonceRow[]): Promise<string | null> {
    const balance = await this.chain.balance(this.account)
    const owed = inFlight.reduce((sum, row) => sum + costOf(row), 0n)
    if (balance >= cost + owed) return null
    return `account ${this.account} holds ${balance} wei on ${this.chain.preset.name} and needs up to ${cost + owed}: fund it`
  }

  async #overspent(shares: readonly Share[], fees: Fees): Promise<Delivered | null> {
    const cap = this.options.maxSpendPerDay
    if (cap === null) return null
    for (const [project, wei] of costs(shares, fees)) {
      const spent = await this.#state.addSpend(project, this.#day(), 0n)
      if (spent + wei > cap) {
        const untilMidnight = 86_400_000 - (this.clock.now() % 86_400_000)
        const reason = `project ${project} has spent ${spent} wei of its ${cap} today, and this costs ${wei}`
        return this.#wait(reason, Math.min(untilMidnight, 600_000))
      }
    }
    return null
  }

  async #spend(shares: readonly Share[], fees: Fees): Promise<void> {
    const day = this.#day()
    await Promise.all([...costs(shares, fees)].map(([project, wei]) => this.#state.addSpend(project, day, wei)))
  }

  #day(): string {
    return new Date(this.clock.now()).toISOString().slice(0, 10)
  }

  /** Signs and stores a further attempt; null, with nothing stored, when the row may have been given up meanwhile. */
  async #attempt(row: NonceRow, call: TransactionCall, fees: Omit<Fees, 'expected'>): Promise<Attempt | null> {
    const { raw, hash } = await signTransaction(this.#signer, this.chain.preset, call, row.nonce, fees)
    const at = this.clock.now()
    const { maxFeePerGas, maxPriorityFeePerGas } = fees
    if (row.status === 'live' && row.attempts.length === 0 && at - row.createdAt > this.options.abandonAfterMs / 2)
      return null
    const attempt: Attempt = { hash, raw, maxFeePerGas, maxPriorityFeePerGas, at }
    await this.#state.addAttempt({ chainId: row.chainId, account: row.account, nonce: row.nonce, attempt })
    this.#sentAt.set(row.nonce, at)
    return attempt
  }

  /** The bytes are stored: whatever an endpoint says of them now, maintenance will see to. */
  async #broadcast(attempt: Attempt): Promise<void> {
    try {
      await this.chain.broadcast(attempt.raw)
    } catch (error) {
      if (!(error instanceof RpcError) && !(error instanceof ChainUnavailableError)) throw error
      const known = error instanceof RpcError && /already (?:known|imported|exists)|nonce too low/i.test(error.message)
      if (!known)
        this.#telemetry?.log('warn', 'a transaction was not taken; it will be sent again', {
          transaction: attempt.hash,
          reason: error.message,
        })
    }
  }

  /** Newest attempt first: a node that has a better-paid one refuses the others, and needs none of them. */
  async #resend(row: NonceRow): Promise<void> {
    const newest = row.attempts.at(-1)
    if (newest === undefined) return
    this.#sentAt.set(row.nonce, this.clock.now())
    await this.#broadcast(newest)
  }

  /** A final block shows the nonce used: by one of ours, or by another. */
  async #close(row: NonceRow, final: bigint): Promise<void> {
    const { chainId, account, nonce } = row
    let used = false
    for (const { hash } of row.attempts.toReversed()) {
      const receipt = await this.chain.receiptAnywhere(hash)
      // In a block that is not final by this endpoint's account: look again next time.
      if (receipt !== null && receipt.blockNumber > final) return
      used ||= receipt !== null
    }
    if (!used)
      this.#telemetry?.log('error', 'a nonce was used by a transaction that is not ours', { account, nonce, chainId })
    await this.#state.setStatus({ chainId, account, nonce, status: used ? 'used' : 'lost' })
    this.#sentAt.delete(nonce)
    this.#missingSince.delete(nonce)
  }

  /** Moves on a nonce that is not mined. */
  async #push(row: NonceRow, next: boolean): Promise<void> {
    const now = this.clock.now()
    const last = row.attempts.at(-1)
    if (last === undefined) {
      if (row.status === 'filled' || now - row.createdAt >= this.options.abandonAfterMs) await this.#fill(row)
      return
    }
    if (next && now - last.at >= this.options.replaceAfterMs && (await this.#replace(row, last))) return
    const sentAt = this.#sentAt.get(row.nonce)
    if (sentAt === undefined || now - sentAt >= this.options.resendAfterMs) await this.#resend(row)
  }

  /** Gives a nonce up, so that those behind it can be mined: its tasks were never signed for, and get another. */
  async #fill(row: NonceRow): Promise<void> {
    const fees = await quoteFees(this.chain)
    if (fees === null) return
    const { chainId, account, nonce } = row
    await this.#state.setStatus({ chainId, account, nonce, status: 'filled' })
    const call = { to: account, data: '0x', gas: TRANSFER_GAS } as const
    const signed = await this.#attempt({ ...row, status: 'filled' }, call, fees)
    if (signed !== null) await this.#broadcast(signed)
    this.#telemetry?.log('warn', 'a nonce that was never signed for is filled by a transfer', {
      account,
      nonce,
      chainId,
    })
  }

  async #replace(row: NonceRow, last: Attempt): Promise<boolean> {
    const now = await quoteFees(this.chain)
    const fees = now === null ? null : bumpFees(this.chain, last, now)
    if (fees === null) return false
    const call = readTransaction(last.raw)
    // A better price does not help an account that cannot pay it.
    if ((await this.chain.balance(this.account)) < call.gas * fees.maxFeePerGas) return false
    const signed = await this.#attempt(row, call, fees)
    if (signed === null) return false
    this.#telemetry?.count('w3b_transactions_replaced_total', { chain: String(this.chain.chainId) })
    await this.#broadcast(signed)
    return true
  }

  /** After a reorg deeper than finality the chain may lack nonces that were done: the same bytes go out again. */
  async #resendClosed(latest: number, open: ReadonlySet<number>): Promise<void> {
    const next = Math.min((await this.#storedNext()) ?? 0, latest + MAX_RESENT)
    for (let nonce = latest; nonce < next; nonce++) {
      if (open.has(nonce)) continue
      const row = await this.#state.row(this.chain.chainId, this.account, nonce)
      for (const attempt of row?.attempts.toReversed() ?? []) await this.#broadcast(attempt)
    }
  }
}

/** The most that a row's newest attempt can cost. */
function costOf(row: NonceRow): bigint {
  const last = row.attempts.at(-1)
  return last === undefined ? 0n : readTransaction(last.raw).gas * last.maxFeePerGas
}

/** What shares are expected to cost each project, in wei. */
function costs(shares: readonly Share[], fees: Fees): Map<ProjectId, bigint> {
  const sums = new Map<ProjectId, bigint>()
  for (const { projectId, gas } of shares) sums.set(projectId, (sums.get(projectId) ?? 0n) + gas * fees.expected)
  return sums
}
