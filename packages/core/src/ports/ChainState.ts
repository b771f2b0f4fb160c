import type { Address, Hash, Hex, ProjectId, ProjectRecord, TaskId } from '@w3bstream/protocol'

/** How far a listener has read. */
export interface Cursor {
  readonly block: bigint
  readonly hash: Hash
}

/** One signed transaction for a nonce. */
export interface Attempt {
  readonly hash: Hash
  /** The signed bytes, to be sent again as they are. */
  readonly raw: Hex
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
  readonly at: number
}

/**
 * A row (chain, account, nonce) with its tasks and every signed attempt.
 * `live` until a finalised block shows the nonce used: by one of the attempts (`used`), or by none of them (`lost`).
 * `filled` marks one that was given up and is filled by a self-transfer.
 */
export interface NonceRow {
  readonly chainId: bigint
  readonly account: Address
  readonly nonce: number
  readonly status: 'live' | 'filled' | 'used' | 'lost'
  readonly tasks: readonly TaskId[]
  readonly attempts: readonly Attempt[]
  readonly createdAt: number
}

/** Nonces, signed attempts, listener cursors, and the registry as last seen. */
export interface ChainState {
  cursor(name: string): Promise<Cursor | null>
  /** Stores a cursor and the project records that led to it, in one write. */
  advanceCursor(name: string, cursor: Cursor, projects: readonly ProjectRecord[]): Promise<void>
  project(id: ProjectId): Promise<ProjectRecord | null>
  saveProject(record: ProjectRecord): Promise<void>
  projects(): Promise<ProjectRecord[]>
  /**
   * Takes the next nonce of an account for tasks that have no live row: max(stored next, `chainNext`).
   * Tasks that have one are left out; null when none is left.
   */
  allocate(p: {
    readonly chainId: bigint
    readonly account: Address
    readonly tasks: readonly TaskId[]
    readonly chainNext: number
    readonly at: number
  }): Promise<NonceRow | null>
  /** The next nonce the store would give, without the chain's word; null before the first. */
  nextNonce(chainId: bigint, account: Address): Promise<number | null>
  /** Adds a signed attempt to a row, durable before it is broadcast. */
  addAttempt(p: {
    readonly chainId: bigint
    readonly account: Address
    readonly nonce: number
    readonly attempt: Attempt
  }): Promise<NonceRow>
  row(chainId: bigint, account: Address, nonce: number): Promise<NonceRow | null>
  /** Rows with status `live` or `filled`, lowest nonce first. */
  open(chainId: bigint, account: Address): Promise<NonceRow[]>
  /** The live or used row of a task, newest first. */
  rowOf(task: TaskId): Promise<NonceRow | null>
  setStatus(p: {
    readonly chainId: bigint
    readonly account: Address
    readonly nonce: number
    readonly status: NonceRow['status']
  }): Promise<void>
  /** Adds to what a project spent (wei) on a UTC day `YYYY-MM-DD`. @returns the day's sum */
  addSpend(projectId: ProjectId, day: string, wei: bigint): Promise<bigint>
}
