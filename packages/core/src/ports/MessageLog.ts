import type { Envelope, Hash, Message, MessageId, ProjectId, TaskId } from '@w3bstream/protocol'

/** Messages of one project version, in the order in which they are packed. */
export interface LogId {
  readonly projectId: ProjectId
  readonly version: string
}

/** A place in a log; grows, with gaps. 0 is before the first. */
export type LogPosition = number

/**
 * A message to append. Its id carries what has to be unique, so that a log can refuse a repetition by the id alone:
 * 1. a message with a nonce has the same id whenever its (project, device, nonce) comes (`messageIdFromNonce`);
 * 2. one with an idempotency key and no nonce has the same id whenever its (project, principal, key) comes (`messageIdFromKey`). A key
 *    `<base>:<0 to 999>` puts its number into the id's low 10 bits, and no other key of the project gives an id in that run;
 * 3. any other has an id that was never used (`uuidv7`). Those of one batch post and one log may come from one run (`uuidv7Run`).
 * A log may rely on this; equal ids are then the same nonce or key.
 */
export interface Append {
  readonly message: Message
  /**
   * Set where a message may be sent twice: the same key with the same `digest` gives the first one's id, with another digest a conflict.
   * Scoped to (project, principal). A signed device message needs none: its (project, device, nonce) is unique. Where it has one all the same, the
   * key is a second name of it.
   */
  readonly idempotency: { readonly principal: string; readonly key: string } | null
  /** Came in one post, of one sender, with the others of this call that say so: they may be stored together. */
  readonly batch?: true
  /** `legacy`: refused where this device's older signed message with the same payload is there already, in any version of the project. */
  readonly unique?: 'legacy'
}

/**
 * What became of one message. Two messages are the same when version and payload hash are equal.
 * - `appended`: durable under its own id.
 * - `duplicate`: the same message is there already, under `id`.
 * - `conflict`: the nonce or key belongs to another message, `id`; or it has to be unique and `id` came before it.
 */
export type Appended =
  | { readonly type: 'appended'; readonly id: MessageId }
  | { readonly type: 'duplicate'; readonly id: MessageId }
  | { readonly type: 'conflict'; readonly on: 'nonce' | 'key' | 'legacy'; readonly id: MessageId }

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

/** An ended task whose payloads may be deleted, with its messages in leaf order. */
export interface Expirable {
  readonly task: TaskId
  readonly messages: readonly Message[]
}

/** Where payloads went before they were deleted. */
export interface ExportRecord {
  readonly log: LogId
  /** sha-256 of the exported bytes. */
  readonly blob: Hash
  readonly bytes: number
  readonly messages: number
  /** `receivedAt` of the oldest and the newest message in it. */
  readonly oldestAt: number
  readonly newestAt: number
  /** When it was made. */
  readonly at: number
}

/** Keeps messages, each accepted once, in logs where nothing ever appears behind a position already read. */
export interface MessageLog {
  /**
   * Appends all that are new; resolves when they are durable. One that is refused does not harm its neighbours.
   * Within one call, earlier entries count for later ones.
   * @returns one outcome an entry, in order
   * @throws {StoreUnavailableError} nothing of the call is acknowledged; what has a nonce or a key may be sent again and is then there once
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
  /** As `getMany`, without reading payloads. */
  envelopes(ids: readonly MessageId[]): Promise<Envelope[]>
  /** All logs that ever had a message. */
  logs(): Promise<LogId[]>
  /**
   * Logs with messages after their task cursor (see TaskStore.create).
   * @param cap stop counting a log there
   * @param only look at no others; a store may look at them all the same
   */
  waiting(cap: number, only?: readonly LogId[]): Promise<WaitingLog[]>
  /** True where the older API's signed message (device, payload) is there already. */
  legacySeen(projectId: ProjectId, device: string, payloadHash: string): Promise<boolean>
  /**
   * Tasks of a log that were packed before a time, have ended (`finalized`, `failed`) and still have their payloads: oldest first, whole tasks, up to
   * so many messages and payload bytes beyond the first task.
   */
  expirable(log: LogId, before: number, limit: { readonly count: number; readonly bytes: number }): Promise<Expirable[]>
  /**
   * Deletes the payloads of these tasks and records where they were exported to, atomically; tasks that are no longer ended (replayed) are passed
   * over. Envelopes, members and roots stay, so receipts still check; such a message reads with an empty payload, and its task cannot be replayed.
   * The caller has made the export durable.
   * @returns how many payloads were deleted
   */
  expire(tasks: readonly TaskId[], to: ExportRecord): Promise<number>
  /** What was exported of a project, oldest first. */
  exports(projectId: ProjectId): Promise<ExportRecord[]>
}
