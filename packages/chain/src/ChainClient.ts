import type { Telemetry } from '@w3bstream/core/ports'
import { type Address, ChainUnavailableError, type Hash, type Hex, hash } from '@w3bstream/protocol'
import type { ChainPreset } from './ChainPreset.ts'
import type { JsonRpc } from './JsonRpc.ts'
import { openJsonRpc } from './openJsonRpc.ts'
import { RpcError } from './RpcError.ts'

export interface ChainClientOptions {
  /** For each exchange with one endpoint. */
  readonly timeoutMs: number
  /** Answers over this size are refused. */
  readonly maxResponseBytes: number
  /** How long an endpoint's chain id is taken for granted. */
  readonly checkEveryMs: number
  /** How long an endpoint that failed is left alone while there are others. */
  readonly restMs: number
}

/** A block, as far as it matters here. */
export interface Block {
  readonly number: bigint
  readonly hash: Hash
  readonly timestamp: bigint
  /** Null where blocks have no base fee. */
  readonly baseFeePerGas: bigint | null
}

/** One event of a mined transaction. */
export interface Log {
  readonly address: Address
  readonly topics: readonly Hex[]
  readonly data: Hex
  readonly blockNumber: bigint
  readonly blockHash: Hash
  readonly transactionHash: Hash
}

/** What became of a mined transaction. */
export interface TransactionReceipt {
  readonly transactionHash: Hash
  readonly blockNumber: bigint
  readonly blockHash: Hash
  readonly success: boolean
  readonly gasUsed: bigint
  readonly to: Address | null
  readonly contractAddress: Address | null
  readonly logs: readonly Log[]
}

/** A call that is run without being sent. */
export interface Call {
  readonly from?: Address
  /** Absent or null: a deployment of `data`. */
  readonly to?: Address | null
  readonly data: Hex
  readonly gas?: bigint
}

export type BlockTag = bigint | 'latest' | 'pending'

interface Endpoint {
  readonly rpc: JsonRpc
  /** Until when its chain id counts as checked. */
  checkedUntil: number
  /** Left alone until then. */
  restsUntil: number
  /** Why it was left alone. */
  trouble: string
}

const DEFAULTS: ChainClientOptions = {
  timeoutMs: 5_000,
  maxResponseBytes: 16 * 1024 * 1024,
  checkEveryMs: 60_000,
  restMs: 15_000,
}

/**
 * A chain through several endpoints: the first that is well answers. Each proves its chain id before it is believed, and again every minute;
 * one that is silent, refuses or is on another chain is left alone for a while. An error that a call itself causes is passed on, and so is that of a
 * method which no endpoint has.
 */
export class ChainClient {
  readonly preset: ChainPreset
  readonly #endpoints: readonly Endpoint[]
  readonly #options: ChainClientOptions
  readonly #telemetry: Telemetry | null

  /** @param rpc endpoints, best first; the preset's own when empty. @throws {ChainUnavailableError} there is none */
  constructor(
    modules: { readonly preset: ChainPreset; readonly rpc?: readonly string[]; readonly telemetry?: Telemetry },
    options: Partial<ChainClientOptions> = {},
  ) {
    this.preset = modules.preset
    this.#telemetry = modules.telemetry ?? null
    this.#options = { ...DEFAULTS, ...options }
    const urls = modules.rpc !== undefined && modules.rpc.length > 0 ? modules.rpc : modules.preset.rpc
    if (urls.length === 0) throw this.#unavailable('no endpoint is configured')
    this.#endpoints = urls.map((url) => ({
      rpc: openJsonRpc(url, this.#options.maxResponseBytes),
      checkedUntil: 0,
      restsUntil: 0,
      trouble: '',
    }))
  }

  get chainId(): bigint {
    return this.preset.chainId
  }

  /** Asks every endpoint for its chain id. @throws {ChainUnavailableError} none is on this chain */
  async check(): Promise<void> {
    for (const endpoint of this.#endpoints) endpoint.checkedUntil = 0
    const results = await Promise.allSettled(
      this.#endpoints.map((endpoint) => this.#ask(endpoint, 'eth_chainId', [], quantity)),
    )
    if (results.every((result) => result.status === 'rejected')) throw this.#unavailable(this.#troubles())
  }

  /**
   * @param read what makes of the answer what was asked for; an answer that it cannot read is the endpoint's failure
   * @throws {RpcError} the call's own failure, or a method that every endpoint lacks @throws {ChainUnavailableError} no endpoint answers truthfully
   */
  async request<T>(method: string, params: readonly unknown[], read: (answer: unknown) => T): Promise<T> {
    let missing: RpcError | null = null
    let away = false
    for (const endpoint of this.#inOrder()) {
      try {
        return await this.#ask(endpoint, method, params, read)
      } catch (error) {
        if (error instanceof RpcError && error.ofCall) throw error
        if (error instanceof RpcError) missing = error
        else away = true
      }
    }
    throw missing === null || away ? this.#unavailable(this.#troubles()) : missing
  }

  async blockNumber(): Promise<bigint> {
    return await this.request('eth_blockNumber', [], quantity)
  }

  /** @returns the block, or null where there is none of that number (yet) */
  async block(at: BlockTag): Promise<Block | null> {
    return this.request('eth_getBlockByNumber', [tag(at), false], readBlock)
  }

  /** Number of the newest block that is final by the preset's depth; 0 at the least. */
  async finalBlockNumber(): Promise<bigint> {
    const final = (await this.blockNumber()) - BigInt(this.preset.finalityDepth)
    return final > 0n ? final : 0n
  }

  /** @param at as of which block, where endpoints know. @returns what the call returns. @throws {RpcError} it reverts */
  async call(call: Call, at: BlockTag = 'latest'): Promise<Hex> {
    if (typeof at === 'bigint' && !this.preset.historicalState) return this.call(call)
    return await this.request('eth_call', [callParams(call), tag(at)], hex)
  }

  /** @param gas within the call, the most that is tried. @throws {RpcError} it reverts, or needs more */
  async estimateGas(call: Call): Promise<bigint> {
    return await this.request('eth_estimateGas', [callParams(call), 'latest'], quantity)
  }

  async code(account: Address): Promise<Hex> {
    return await this.request('eth_getCode', [account, 'latest'], hex)
  }

  async balance(account: Address): Promise<bigint> {
    return await this.request('eth_getBalance', [account, 'latest'], quantity)
  }

  /** Transactions that the account has sent as of a block, its next nonce; see `ChainPreset.historicalState`. */
  async transactionCount(account: Address, at: BlockTag): Promise<number> {
    return Number(await this.request('eth_getTransactionCount', [account, tag(at)], quantity))
  }

  async gasPrice(): Promise<bigint> {
    return await this.request('eth_gasPrice', [], quantity)
  }

  /** @returns the tip that endpoints suggest; 1 gwei where they have no opinion */
  async maxPriorityFeePerGas(): Promise<bigint> {
    try {
      return await this.request('eth_maxPriorityFeePerGas', [], quantity)
    } catch (error) {
      if (error instanceof RpcError) return 1_000_000_000n
      throw error
    }
  }

  /** Events of one address, in the chain's order; the range is not split. */
  async logs(p: {
    readonly address: Address
    readonly topics: readonly (Hex | null)[]
    readonly fromBlock: bigint
    readonly toBlock: bigint
  }): Promise<Log[]> {
    const filter = { address: p.address, topics: p.topics, fromBlock: tag(p.fromBlock), toBlock: tag(p.toBlock) }
    return this.request('eth_getLogs', [filter], (value) => list(value).map(readLog))
  }

  async receipt(transaction: Hash): Promise<TransactionReceipt | null> {
    return await this.request('eth_getTransactionReceipt', [transaction], readReceipt)
  }

  /**
   * Asks every endpoint, for when a missing receipt has consequences: one that lost its index must not speak for the chain.
   * @throws {ChainUnavailableError} none answers
   */
  async receiptAnywhere(transaction: Hash): Promise<TransactionReceipt | null> {
    const answers = await Promise.allSettled(
      this.#endpoints.map((endpoint) => this.#ask(endpoint, 'eth_getTransactionReceipt', [transaction], readReceipt)),
    )
    let answered = false
    for (const answer of answers) {
      if (answer.status === 'rejected') continue
      answered = true
      if (answer.value !== null) return answer.value
    }
    if (!answered) throw this.#unavailable(this.#troubles())
    return null
  }

  /** Hands signed bytes to every endpoint that is well. @throws {RpcError} all that answered refused @throws {ChainUnavailableError} */
  async broadcast(raw: Hex): Promise<void> {
    const answers = await Promise.allSettled(
      this.#inOrder().map((endpoint) => this.#ask(endpoint, 'eth_sendRawTransaction', [raw], text)),
    )
    if (answers.some((answer) => answer.status === 'fulfilled')) return
    for (const answer of answers)
      if (answer.status === 'rejected' && answer.reason instanceof RpcError) throw answer.reason
    throw this.#unavailable(this.#troubles())
  }

  close(): void {
    for (const endpoint of this.#endpoints) endpoint.rpc.close()
  }

  /** Those that are well, in the order given; when none is, all of them. */
  #inOrder(): readonly Endpoint[] {
    const now = Date.now()
    const well = this.#endpoints.filter((endpoint) => endpoint.restsUntil <= now)
    return well.length > 0 ? well : this.#endpoints
  }

  async #ask<T>(
    endpoint: Endpoint,
    method: string,
    params: readonly unknown[],
    read: (answer: unknown) => T,
  ): Promise<T> {
    try {
      if (endpoint.checkedUntil <= Date.now()) await this.#checkChainId(endpoint)
      const result = read(await endpoint.rpc.request(method, params, this.#options.timeoutMs))
      endpoint.restsUntil = 0
      return result
    } catch (error) {
      if (error instanceof RpcError && (error.ofCall || error.ofMethod)) throw error
      const words = error instanceof Error ? error.message : String(error)
      endpoint.trouble = words.replace(/\p{C}/gu, ' ').slice(0, 200)
      endpoint.checkedUntil = 0
      endpoint.restsUntil = Date.now() + this.#options.restMs
      this.#telemetry?.count('w3b_chain_endpoint_failures_total', { endpoint: endpoint.rpc.name })
      // A copy without its class: an endpoint's trouble is no answer to the call.
      throw new Error(endpoint.trouble)
    }
  }

  async #checkChainId(endpoint: Endpoint): Promise<void> {
    const actual = quantity(await this.#askChainId(endpoint))
    if (actual !== this.chainId) {
      this.#telemetry?.log('error', 'a chain endpoint is on another chain', {
        endpoint: endpoint.rpc.name,
        expected: this.chainId,
        actual,
      })
      throw new Error(`it says that its chain id is ${actual}`)
    }
    endpoint.checkedUntil = Date.now() + this.#options.checkEveryMs
  }

  /** Nothing that is said of this call is the call's own doing. */
  async #askChainId(endpoint: Endpoint): Promise<unknown> {
    try {
      return await endpoint.rpc.request('eth_chainId', [], this.#options.timeoutMs)
    } catch (error) {
      throw error instanceof RpcError ? new Error(error.message) : error
    }
  }

  #troubles(): string {
    return this.#endpoints.map(({ rpc, trouble }) => `${rpc.name}: ${trouble}`).join('; ')
  }

  #unavailable(reason: string): ChainUnavailableError {
    return new ChainUnavailableError({ chainId: this.preset.chainId, reason })
  }
}

function callParams(call: Call): Record<string, string> {
  return {
    data: call.data,
    ...(call.to === undefined || call.to === null ? {} : { to: call.to }),
    ...(call.from === undefined ? {} : { from: call.from }),
    ...(call.gas === undefined ? {} : { gas: `0x${call.gas.toString(16)}` }),
  }
}

function tag(at: BlockTag): string {
  return typeof at === 'bigint' ? `0x${at.toString(16)}` : at
}

// Parsers of what endpoints answer: whatever does not fit is an error of the endpoint.

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new TypeError('an endpoint answered no object')
  return value as Record<string, unknown>
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new TypeError('an endpoint answered no list')
  return value
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('an endpoint answered no text')
  return value
}

function hex(value: unknown): Hex {
  const found = text(value)
  if (!/^0x(?:[0-9a-fA-F]{2})*$/.test(found)) throw new TypeError('an endpoint answered no hex')
  return found.toLowerCase() as Hex
}

function quantity(value: unknown): bigint {
  const found = text(value)
  if (!/^0x[0-9a-fA-F]{1,64}$/.test(found)) throw new TypeError('an endpoint answered no number')
  return BigInt(found)
}

function readBlock(value: unknown): Block | null {
  if (value === null) return null
  const fields = record(value)
  const baseFee = fields.baseFeePerGas
  return {
    number: quantity(fields.number),
    hash: hash(text(fields.hash)),
    timestamp: quantity(fields.timestamp),
    baseFeePerGas: baseFee === undefined || baseFee === null ? null : quantity(baseFee),
  }
}

function readLog(value: unknown): Log {
  const fields = record(value)
  return {
    address: hex(fields.address),
    topics: list(fields.topics).map(hex),
    data: hex(fields.data),
    blockNumber: quantity(fields.blockNumber),
    blockHash: hash(text(fields.blockHash)),
    transactionHash: hash(text(fields.transactionHash)),
  }
}

function readReceipt(value: unknown): TransactionReceipt | null {
  if (value === null) return null
  const fields = record(value)
  return {
    transactionHash: hash(text(fields.transactionHash)),
    blockNumber: quantity(fields.blockNumber),
    blockHash: hash(text(fields.blockHash)),
    success: quantity(fields.status) === 1n,
    gasUsed: quantity(fields.gasUsed),
    to: fields.to === null || fields.to === undefined ? null : hex(fields.to),
    contractAddress:
      fields.contractAddress === null || fields.contractAddress === undefined ? null : hex(fields.contractAddress),
    logs: list(fields.logs).map(readLog),
  }
}
