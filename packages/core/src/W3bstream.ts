import type {
  Did,
  Hex,
  InclusionProof,
  Membership,
  Message,
  MessageId,
  ProjectConfig,
  ProjectId,
  ProjectRecord,
  Receipt,
  StateLogEntry,
  TaskId,
  TaskRecord,
  TaskState,
  TraceId,
  W3bError,
} from '@w3bstream/protocol'
import type { TaskPage } from './ports/TaskStore.ts'

/** How a sender says who it is. */
export type Credential =
  | { readonly type: 'none' }
  /** An API token with the `send` scope; `principal` is the token's id. */
  | { readonly type: 'token'; readonly principal: string }
  /** `/v1`: a signature over the `Message` typed data. */
  | { readonly type: 'device'; readonly device: Did; readonly nonce: bigint; readonly signature: Hex }
  /** The later W3bstream API: a signature over the request's JSON; the device is who signed. */
  | { readonly type: 'legacy'; readonly signature: Hex }

/** One message to take in. */
export interface IngestRequest {
  readonly projectId: ProjectId
  /** Null: the project file's default version. */
  readonly version: string | null
  readonly payload: string
  readonly credential: Credential
  readonly idempotencyKey: string | null
  /** Address of the peer, for quotas; never stored. */
  readonly source: string
  /** The caller's own trace (W3C `traceparent`), to be linked. */
  readonly callerTrace?: TraceId
  /** Came in one batch post with the others of this call that say so: one sender's, they may share most of their ids and be stored together. */
  readonly batch?: true
}

/** What became of one message of a request. */
export type IngestOutcome =
  | { readonly accepted: true; readonly id: MessageId; readonly duplicate: boolean; readonly device: Did | null }
  | { readonly accepted: false; readonly error: W3bError }

/** A message and all that happened to it. */
export interface MessageHistory {
  readonly message: Message
  readonly membership: Membership | null
  /** The task's state log; empty before packing. */
  readonly states: readonly StateLogEntry[]
  readonly task: TaskRecord | null
}

/** A project with its parsed file. */
export interface ResolvedProject {
  readonly record: ProjectRecord
  readonly config: ProjectConfig
}

/** One live event: a message's or a task's next state. */
export interface LiveEvent {
  /** Grows; what `Last-Event-ID` names. */
  readonly id: string
  readonly taskId: TaskId
  readonly projectId: ProjectId
  readonly entry: StateLogEntry
}

/** What the HTTP application, the CLI and tests call: every step of the road and every question, over one set of ports. */
export interface W3bstream {
  /** Resolves when the accepted ones are durable. One outcome a request, in order. */
  ingest(requests: readonly IngestRequest[]): Promise<IngestOutcome[]>
  /** Packs what is due in a project version's log now. @returns ids of the tasks that were made */
  packNow(projectId: ProjectId, version: string): Promise<TaskId[]>
  message(id: MessageId): Promise<MessageHistory | null>
  task(id: TaskId): Promise<{ readonly task: TaskRecord; readonly states: readonly StateLogEntry[] } | null>
  taskByNumber(
    projectId: ProjectId,
    number: bigint,
  ): Promise<{ readonly task: TaskRecord; readonly states: readonly StateLogEntry[] } | null>
  tasks(filter: {
    readonly projectId?: ProjectId
    readonly state?: TaskState
    readonly limit: number
    readonly before?: TaskId
  }): Promise<TaskPage>
  /** Message ids of a task in leaf order. */
  members(id: TaskId): Promise<MessageId[]>
  /** @returns the proof bytes, or null before the task is proved */
  proof(id: TaskId): Promise<Uint8Array | null>
  /** @returns null before the message is packed */
  inclusion(id: MessageId): Promise<{ readonly root: Hex; readonly blind: Hex; readonly proof: InclusionProof } | null>
  /** @returns null where there is no such message or it is in no task yet */
  receipt(id: MessageId): Promise<Receipt | null>
  /** @throws {ProjectNotFoundError} @throws {ContentUnavailableError} @throws {ContentMismatchError} */
  project(id: ProjectId): Promise<ResolvedProject>
  projects(): Promise<ProjectRecord[]>
  /** Puts a failed task back on the road. @throws {TaskNotFoundError} @throws {IllegalTransitionError} */
  replay(id: TaskId, actor: string): Promise<TaskRecord>
  /** Live events after `lastId` (those still remembered), then as they happen, until the signal aborts. */
  events(p: { readonly lastId: string | null; readonly signal: AbortSignal }): AsyncIterable<LiveEvent>
  /** Names what is not ready; empty when all is. */
  notReady(): Promise<string[]>
}
