import type { Message, MessageId, ProjectId } from '@w3bstream/protocol'

/** Messages of one project version, in the order in which they are packed. */
export interface LogId {
  readonly projectId: ProjectId
  readonly version: string
}

/** A place in a log; grows, with gaps. 0 is before the first. */
export type LogPosition = number

/** A message to append. */
export interface Append {
  readonly message: Message
  /**
   * Set where a message may be sent twice: the same key with the same `digest` gives the first one's id, with another digest a conflict.
   * Scoped to (project, principal). A signed device message needs none: its (project, device, nonce) is unique.
   */
  readonly idempotency: { readonly principal: string; readonly key: string } | null
}

/**
 * What became of one message. Two messages are the same when version and payload hash are equal.
 * - `appended`: durable under its own id.
 * - `duplicate`: the same message is there already, under `id`.
 * - `conflict`: the nonce or key belongs to another message, `id`.
 */
export type Appended =
  | { readonly type: 'appended'; readonly id: MessageId }
  | { readonly type: 'duplicate'; readonly id: MessageId }
  | { readonly type: 'conflict'; readonly on: 'nonce' | 'key'; readonly id: MessageId }

/** A message with its place. */
export interface LoggedMessage {
  readonly position: LogPosition
  readonly message: Message
}

/** A log in which messages wait to be packed. */
export interface WaitingLog {
  readonly log: LogId
  /** Messages after the log's cursor; may stop counting at `cap`. */
  readonly count: number
  /** Payload bytes of those counted. */
  readonly bytes: number
  /** `receivedAt` of the oldest. */
  readonly oldestAt: number
}

/** Keeps messages, each accepted once, in logs where nothing ever appears behind a position already read. */
export interface MessageLog {
  /**
   * Appends all that are new; resolves when they are durable. One that is refused does not harm its neighbours.
   * Within one call, earlier entries count for later ones.
   * @returns one outcome an entry, in order
   * @throws {StoreUnavailableError} nothing of the call was accepted
   */
  append(entries: readonly Append[]): Promise<Appended[]>
  /** Messages after a position in log order, up to a count and (beyond the first) up to so many payload bytes. */
  read(
    log: LogId,
    after: LogPosition,
    limit: { readonly count: number; readonly bytes: number },
  ): Promise<LoggedMessage[]>
  get(id: MessageId): Promise<Message | null>
  /** Messages by id, in the ids' order; missing ones are left out. */
  getMany(ids: readonly MessageId[]): Promise<Message[]>
  /** Logs with messages after their task cursor (see TaskStore.create). @param cap stop counting a log there */
  waiting(cap: number): Promise<WaitingLog[]>
  /** True where the older API's signed message (device, payload) is there already. */
  legacySeen(projectId: ProjectId, device: string, payloadHash: string): Promise<boolean>
}
