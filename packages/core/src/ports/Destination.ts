import type { Hash, Output, ProjectVersion, Settlement, TaskId, TaskRecord } from '@w3bstream/protocol'

/** A proved task on its way out. */
export interface Outgoing {
  readonly record: TaskRecord
  readonly version: ProjectVersion
  readonly output: Output
  readonly proof: Uint8Array
  /** The proof as text, with what it is a proof of: of RISC Zero's for `ethereumContract`, whose `data_snark` has more than the proof. */
  readonly raw?: string
  /** The first message's payload alone: `ethereumContract` binds its fields. Empty when it is no longer kept. */
  readonly payloads: readonly string[]
  /** DID of the first message's device, which an `ethereumContract` may ask for as `clientId`; empty or absent where none signed it. */
  readonly clientId?: string
}

/**
 * What one call to a destination did.
 * - `delivered`: done, without a transaction.
 * - `submitted`: signed bytes are stored, and were broadcast where the chain could be reached; `watch` follows them.
 * - `waiting`: nothing was allocated yet (fees over the ceiling, account unfunded, too many in flight, chain away); try again later.
 * - `consumed`: the chain has this task's result already, from an earlier delivery.
 */
export type Delivered =
  | { readonly type: 'delivered'; readonly show: string }
  | { readonly type: 'submitted' }
  | { readonly type: 'waiting'; readonly reason: string; readonly retryAfterMs: number }
  | { readonly type: 'consumed'; readonly settlement: Settlement }

/** Result -> receipt on a chain or in a store. */
export interface Destination {
  readonly types: readonly Output['type'][]
  /**
   * Idempotent: a task with a live nonce has the same bytes sent again.
   * @throws {DestinationRefusedError} the call would fail (simulated), with the contract's own reason decoded: the task fails
   */
  deliver(items: readonly Outgoing[]): Promise<Map<TaskId, Delivered | Error>>
}

/** What became of submitted tasks. */
export type Watched =
  | { readonly type: 'settled'; readonly task: TaskId; readonly settlement: Settlement }
  | { readonly type: 'finalized'; readonly task: TaskId }
  /** The block that had it is gone; the same bytes were sent again. */
  | { readonly type: 'reorged'; readonly task: TaskId; readonly lost: Hash }
  /** Mined, but the task's item reverted. */
  | { readonly type: 'reverted'; readonly task: TaskId; readonly reason: string; readonly transaction: Hash }
  /** A finalised block shows the nonce used by none of the attempts and the result not consumed: deliver again. */
  | { readonly type: 'lost'; readonly task: TaskId }

/** Follows what was submitted: receipts, reorgs, finality, replacement. Part of the reconciler. */
export interface SettlementWatcher {
  watch(tasks: readonly TaskRecord[]): Promise<Watched[]>
}
