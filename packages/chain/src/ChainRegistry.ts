import { fleetManagerAbi, projectRegistrarAbi } from '@w3bstream/contracts'
import type { ChainState, Cursor, Registry, Telemetry } from '@w3bstream/core/ports'
import {
  type Address,
  address,
  hash,
  type ProjectId,
  type ProjectRecord,
  projectId,
  W3bError,
} from '@w3bstream/protocol'
import { toEventSelector } from 'viem'
import type { ChainClient } from './ChainClient.ts'
import { LOCAL_CHAIN_ID } from './ChainPreset.ts'
import type { Contracts } from './Contracts.ts'
import { RpcError } from './RpcError.ts'
import { readable } from './readable.ts'
import { readContract } from './readContract.ts'
import { Turns } from './Turns.ts'

export interface ChainRegistryOptions {
  /** Block at which the registrar was deployed: nothing is looked for before it. */
  readonly fromBlock: bigint
  /** Time between looks for new blocks; the chain's block time when not given. */
  readonly pollMs: number
  /** Longest pause after failures. */
  readonly maxBackoffMs: number
  /** How long the chain's word that a project does not exist is taken for granted. */
  readonly absentMs: number
}

/** Events after which a project's record is read anew; each has the project's id as its last or only indexed argument. */
const TOPICS = {
  upserted: toEventSelector('ProjectUpserted(uint64,string,bytes32)'),
  paused: toEventSelector('ProjectPaused(uint64)'),
  unpaused: toEventSelector('ProjectUnpaused(uint64)'),
  transfer: toEventSelector('Transfer(address,address,uint256)'),
}
/** A reorg deeper than the finality depth is looked for so many blocks back. */
const REWIND = 10_000n
/** Ranges of logs after which the cursor is stored. */
const STEP_RANGES = 50n
/** Reads at once, so that catching up does not flood an endpoint. */
const PARALLEL = 8
const MAX_ABSENT = 10_000
/** The registrar takes no longer one. Of another contract or a lying endpoint it is not kept: its project cannot be used. */
const MAX_URI_BYTES = 2_048
/** A chain without a new final block for so long has stopped, or its endpoint has. */
const STALLED_MS = 30 * 60_000

/**
 * The ProjectRegistrar as of a final block. Events only say which projects changed; what they are now is read from the contract, so a missed or
 * repeated event does no harm. Position and records are stored together, and followed from there after a restart.
 */
export class ChainRegistry implements Registry {
  readonly #chain: ChainClient
  readonly #state: ChainState
  readonly #contracts: Pick<Contracts, 'projectRegistrar' | 'fleetManager'>
  readonly #telemetry: Telemetry | null
  readonly #options: ChainRegistryOptions
  readonly #listeners = new Set<(record: ProjectRecord) => void>()
  readonly #absent = new Map<ProjectId, number>()
  readonly #reading = new Map<ProjectId, Promise<ProjectRecord | null>>()
  readonly #cursorName: string
  readonly #labels: { readonly chain: string }
  /** The newest final block, and when it was first seen. */
  #newest: { readonly block: bigint; readonly seenAt: number } | null = null
  #loop: Promise<void> | null = null
  #stop = new AbortController()
  readonly #syncing = new Turns()
  readonly #saving = new Turns()

  constructor(
    modules: {
      readonly chain: ChainClient
      readonly state: ChainState
      readonly contracts: Pick<Contracts, 'projectRegistrar' | 'fleetManager'>
      readonly telemetry?: Telemetry
    },
    options: Partial<ChainRegistryOptions> = {},
  ) {
    this.#chain = modules.chain
    this.#state = modules.state
    this.#contracts = modules.contracts
    this.#telemetry = modules.telemetry ?? null
    this.#labels = { chain: String(modules.chain.chainId) }
    this.#cursorName = `registry:${modules.chain.chainId}:${modules.contracts.projectRegistrar}`
    this.#options = {
      fromBlock: 0n,
      pollMs: modules.chain.preset.blockTimeMs,
      maxBackoffMs: 60_000,
      absentMs: 2_000,
      ...options,
    }
  }

  /** Follows the chain until `close`. Failures are logged and tried again, each time after a longer pause. */
  start(): void {
    this.#stop = new AbortController()
    this.#loop ??= this.#follow(this.#stop.signal)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#loop
    this.#loop = null
  }

  /** Reads what became final since the last time. @throws {ChainUnavailableError} */
  async sync(): Promise<void> {
    let stalled = 1
    try {
      const ageMs = await this.#syncing.run(() => readable(this.#chain, () => this.#syncOnce()))
      stalled = ageMs > STALLED_MS ? 1 : 0
    } finally {
      this.#telemetry?.gauge('w3b_listener_stalled', stalled, this.#labels)
    }
  }

  /** The block up to which the chain was read, as the store has it; null before the first time. */
  async followedTo(): Promise<bigint | null> {
    return (await this.#state.cursor(this.#cursorName))?.block ?? null
  }

  async project(id: ProjectId): Promise<ProjectRecord | null> {
    const stored = await this.#state.project(id)
    if (stored !== null) return exists(stored) ? stored : null
    const absentSince = this.#absent.get(id)
    if (absentSince !== undefined && Date.now() - absentSince < this.#options.absentMs) return null
    const reading =
      this.#reading.get(id) ?? readable(this.#chain, () => this.#lookUp(id)).finally(() => this.#reading.delete(id))
    this.#reading.set(id, reading)
    return reading
  }

  async projects(): Promise<ProjectRecord[]> {
    return (await this.#state.projects()).filter(exists)
  }

  watch(listener: (record: ProjectRecord) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Whether an account may sign a project's tasks and assignments, as of the newest block. @throws {ChainUnavailableError} */
  async isSequencerAllowed(id: ProjectId, sequencer: Address): Promise<boolean> {
    return readable(this.#chain, () =>
      readContract(this.#chain, {
        address: this.#contracts.fleetManager,
        abi: fleetManagerAbi,
        functionName: 'isSequencerAllowed',
        args: [sequencer, id],
      }),
    )
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let pauseMs = this.#options.pollMs
    while (!signal.aborted) {
      try {
        await this.sync()
        pauseMs = this.#options.pollMs
      } catch (error) {
        pauseMs = Math.min(pauseMs * 2, this.#options.maxBackoffMs)
        const reason = error instanceof Error ? error.message : String(error)
        this.#telemetry?.log(error instanceof W3bError ? 'warn' : 'error', 'the registry cannot be followed now', {
          reason,
          retryInMs: pauseMs,
        })
      }
      await pause(pauseMs, signal)
    }
  }

  /** @returns for how long this object has seen no new final block */
  async #syncOnce(): Promise<number> {
    const stored = await this.#state.cursor(this.#cursorName)
    const final = await this.#chain.finalBlockNumber()
    const now = Date.now()
    if (final !== this.#newest?.block) this.#newest = { block: final, seenAt: now }
    const unchangedMs = now - this.#newest.seenAt
    const cursor = stored === null ? null : await this.#checked(stored, final)
    if (cursor !== null && final <= cursor.block) return unchangedMs
    const at = await this.#chain.block(final)
    if (at === null) return unchangedMs
    this.#telemetry?.gauge('w3b_listener_lag_seconds', Math.max(0, now / 1000 - Number(at.timestamp)), this.#labels)
    const rewound = stored !== null && cursor === null
    const from = this.#from(stored, cursor)
    // In steps, so that a process whose time is short gets on, too.
    const step = STEP_RANGES * BigInt(this.#chain.preset.logRange)
    for (let start = from; start <= final; start += step) {
      const end = start + step - 1n
      const reached = end < final ? await this.#chain.block(end) : at
      if (reached === null) return unchangedMs
      const changed = await this.#changedProjects(start, reached.number)
      // After a reorg a project may be gone without a word.
      if (rewound) for (const known of await this.#state.projects()) changed.add(known.id)
      await this.#note({ block: reached.number, hash: reached.hash }, await this.#readAll([...changed], final))
    }
    return 0
  }

  async #note(cursor: Cursor, records: readonly ProjectRecord[]): Promise<void> {
    await this.#saving.run(() => this.#state.advanceCursor(this.#cursorName, cursor, records))
    for (const record of records) {
      this.#absent.delete(record.id)
      for (const listener of this.#listeners) listener(record)
    }
  }

  /** @returns the cursor, or null when its block is no longer on the chain */
  async #checked(cursor: Cursor, final: bigint): Promise<Cursor | null> {
    const block = await this.#chain.block(cursor.block)
    if (block !== null) return block.hash === cursor.hash ? cursor : null
    // A block that is not there yet tells of an endpoint that lags; a local chain that is shorter was started anew.
    return this.#chain.chainId === LOCAL_CHAIN_ID && final < cursor.block ? null : cursor
  }

  #from(stored: Cursor | null, cursor: Cursor | null): bigint {
    const { fromBlock } = this.#options
    if (cursor !== null) return cursor.block + 1n
    const rewound = (stored?.block ?? 0n) - REWIND
    return rewound > fromBlock ? rewound : fromBlock
  }

  async #changedProjects(from: bigint, to: bigint): Promise<Set<ProjectId>> {
    const changed = new Set<ProjectId>()
    const range = BigInt(this.#chain.preset.logRange)
    for (let start = from; start <= to; start += range) {
      const end = start + range - 1n
      const logs = await this.#chain.logs({
        address: this.#contracts.projectRegistrar,
        topics: [],
        fromBlock: start,
        toBlock: end < to ? end : to,
      })
      for (const { topics } of logs) {
        const id = topics[0] === TOPICS.transfer ? topics[3] : topics[1]
        if (id !== undefined && Object.values<string>(TOPICS).includes(topics[0] ?? ''))
          changed.add(projectId(BigInt(id)))
      }
    }
    return changed
  }

  async #readAll(ids: readonly ProjectId[], at: bigint): Promise<ProjectRecord[]> {
    const records: ProjectRecord[] = []
    for (let i = 0; i < ids.length; i += PARALLEL)
      records.push(...(await Promise.all(ids.slice(i, i + PARALLEL).map((id) => this.#read(id, at)))))
    return records
  }

  async #lookUp(id: ProjectId): Promise<ProjectRecord | null> {
    const record = await this.#read(id, await this.#chain.finalBlockNumber())
    if (!exists(record)) {
      // Senders choose which ids they ask for: what is remembered of them is bounded.
      if (this.#absent.size >= MAX_ABSENT) this.#absent.clear()
      this.#absent.set(id, Date.now())
      return null
    }
    return this.#saving.run(() => this.#saveIfNewest(record))
  }

  /** The chain may have been followed past the record's block while it was read. @returns what is stored then */
  async #saveIfNewest(record: ProjectRecord): Promise<ProjectRecord | null> {
    const stored = await this.#state.project(record.id)
    if (stored !== null && stored.block > record.block) return exists(stored) ? stored : null
    await this.#state.saveProject(record)
    return record
  }

  /** An unknown project reads as one with an empty uri, which the contract gives to none. */
  async #read(id: ProjectId, at: bigint): Promise<ProjectRecord> {
    const call = { address: this.#contracts.projectRegistrar, abi: projectRegistrarAbi } as const
    const [uri, fileHash, paused] = await readContract(
      this.#chain,
      { ...call, functionName: 'projects', args: [id] },
      at,
    )
    const owner = uri === '' ? null : await this.#ownerOf(id, at)
    return { id, uri: bounded(uri), hash: hash(fileHash), paused, owner, block: at }
  }

  async #ownerOf(id: ProjectId, at: bigint): Promise<Address | null> {
    try {
      const call = { address: this.#contracts.projectRegistrar, abi: projectRegistrarAbi } as const
      return address(await readContract(this.#chain, { ...call, functionName: 'ownerOf', args: [id] }, at))
    } catch (error) {
      if (error instanceof RpcError && error.reverted) return null
      throw error
    }
  }
}

/** @returns the uri, or where it is too long a text that names no place and says why */
function bounded(uri: string): string {
  const bytes = new TextEncoder().encode(uri).length
  return bytes <= MAX_URI_BYTES ? uri : `invalid: the registered uri has ${bytes} bytes, more than ${MAX_URI_BYTES}`
}

const exists = (record: ProjectRecord): boolean => record.uri !== ''

/** Ends early, without an error, when the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise.finally(() => clearTimeout(timer))
}
