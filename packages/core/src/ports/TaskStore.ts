import type {
  Address,
  Assignment,
  Hash,
  Hex,
  Membership,
  MessageId,
  ProjectId,
  ProofRecord,
  Result,
  Settlement,
  Signed,
  StateLogEntry,
  Task,
  TaskId,
  TaskRecord,
  TaskState,
  VmType,
} from '@w3bstream/protocol'
import type { LogId, LogPosition } from './MessageLog.ts'

/** A task to create: stored whole, salt included, before anything is signed. */
export interface NewTask {
  readonly id: TaskId
  readonly task: Task
  readonly vmType: VmType
  readonly salt: Hash
  readonly log: LogId
  /** The cursor that the packer read; creation fails where it has moved since. */
  readonly after: LogPosition
  /** Position of the task's last message: the new cursor. */
  readonly upTo: LogPosition
  /** Leaf order. The task's trace is that of the first. */
  readonly messageIds: readonly MessageId[]
  readonly at: number
}

/** One guarded step of a task. A step by a prover names its lease's token. */
export type TaskStep =
  | { readonly to: 'assigned'; readonly taskSignature: Hex; readonly assignment: Signed<Assignment> }
  | {
      readonly to: 'proved'
      readonly token: bigint
      readonly proof: ProofRecord
      readonly result: Signed<Result> | null
      /** What the older API shows as `result`. */
      readonly show: string
    }
  | { readonly to: 'submitted' }
  /** `settlement` is null where the destination has no transaction. */
  | { readonly to: 'settled'; readonly settlement: Settlement | null; readonly show: string }
  | { readonly to: 'finalized' }
  /** `token`, when given, must be the newest lease's. */
  | { readonly to: 'failed'; readonly token?: bigint }
  /** Replay of a failed task: `packed` forgets the proof, `proved` keeps it; both keep the assignment, so that attempts go on counting, and reset `tries`. From `submitted`: send anew. */
  | { readonly to: 'packed' | 'proved'; readonly replay: true }

/** A worker's exclusive hold on a task. */
export interface Lease {
  /** Fencing token: grows with every lease of the task. */
  readonly token: bigint
  readonly until: number
}

/** A step of a task, with its place among the steps of all tasks. */
export interface FeedEntry {
  /** Names the entry to `feed`, in every process and after every restart. */
  readonly position: string
  readonly taskId: TaskId
  readonly projectId: ProjectId
  readonly entry: StateLogEntry
}

/** A page of the feed. */
export interface FeedPage {
  readonly entries: readonly FeedEntry[]
  /** Where to read on; also after a page without entries. */
  readonly next: string
}

/** A page of tasks, newest first. It may be short of its limit, and even empty, although more follow: one read looks at no more than so much. */
export interface TaskPage {
  readonly tasks: readonly TaskRecord[]
  /** `before` of the page that follows, of any task at all; null at the end. */
  readonly next: TaskId | null
}

/** A page of tasks that rest. It may be short of its limit, and even empty, although more follow: one read looks at no more than so much. */
export interface StalePage {
  readonly tasks: readonly TaskRecord[]
  /** Where to read on, in every process; null at the end. */
  readonly next: string | null
}

/** Tasks, their state logs, leases and proofs. */
export interface TaskStore {
  /** The log's cursor: the position up to which messages are in tasks. */
  cursor(log: LogId): Promise<LogPosition>
  /** Low 32 bits of the next number of (project, sequencer): 1 when none was used. */
  nextSequence(projectId: ProjectId, sequencer: Address): Promise<number>
  /** Counts sequences up to `last` as used, by tasks that a chain knows and this store, restored from an older copy, does not. Lowers nothing. */
  passSequences(projectId: ProjectId, sequencer: Address, last: number): Promise<void>
  /**
   * Atomically: checks cursor and number, stores the task as `packed`, its members, and moves the cursor.
   * @returns false, with nothing changed, where another packer was first
   */
  create(task: NewTask): Promise<boolean>
  get(id: TaskId): Promise<TaskRecord | null>
  /** The older APIs name tasks by number. */
  byNumber(projectId: ProjectId, number: bigint): Promise<TaskRecord | null>
  membership(id: MessageId): Promise<Membership | null>
  /** Message ids in leaf order. */
  members(id: TaskId): Promise<MessageId[]>
  /** Oldest first. */
  states(id: TaskId): Promise<StateLogEntry[]>
  /** Newest first. @param before older ones than this task, which need not fit the filter: an earlier page's `next` */
  list(filter: {
    readonly projectId?: ProjectId
    readonly state?: TaskState
    readonly limit: number
    readonly before?: TaskId
  }): Promise<TaskPage>
  /**
   * Tasks in `state` whose last step is at or before `until`, in an order that favours the old: what a reconciler looks at. Following the pages to
   * their end shows each that rests meanwhile.
   * @param after a page's `next`; null: from the oldest
   */
  stale(state: TaskState, until: number, limit: number, after: string | null): Promise<StalePage>
  /**
   * Takes one step of the transition table, with its line in the state log.
   * @throws {TaskNotFoundError} @throws {IllegalTransitionError} from the present state, also when another caller was first
   * @throws {StaleLeaseError} the token is not the newest lease's
   */
  advance(
    id: TaskId,
    step: TaskStep,
    log: { readonly at: number; readonly actor: string; readonly reason: string },
  ): Promise<TaskRecord>
  /**
   * Adds a line to the state log without a step, by the lease's holder: how far a proof is. The line has the task's present state, `states`, the feed and
   * those who watch have it as they have steps, and `updatedAt` and `stale` know nothing of it. A reason of more than `shortReason` keeps is cut.
   * @throws {TaskNotFoundError} @throws {StaleLeaseError} the token is not the newest lease's, or nobody holds it
   */
  note(
    id: TaskId,
    token: bigint,
    log: { readonly at: number; readonly actor: string; readonly reason: string },
  ): Promise<void>
  /** Counts a try that failed and may be repeated. @returns the new count */
  countTry(id: TaskId, reason: string): Promise<number>
  /** @returns null while another holder's lease lasts at `now`, or when the task is not `assigned` */
  lease(id: TaskId, holder: string, now: number, ttlMs: number): Promise<Lease | null>
  /** @returns when the newest lease ends, or ended, unless it is renewed; null where it was given up, ended with its attempt, or never was */
  leaseUntil(id: TaskId): Promise<number | null>
  /** @throws {StaleLeaseError} */
  renew(id: TaskId, token: bigint, now: number, ttlMs: number): Promise<Lease>
  /** Gives the lease up; nothing happens where it is over. */
  release(id: TaskId, token: bigint): Promise<void>
  /**
   * The steps of all tasks, oldest first, in an order in which nothing ever appears behind a position already read. Durable; a store of many writers
   * shows a step only once it has settled, seconds after it was taken.
   * @param after an entry's `position` or a page's `next`; null, or a text that is neither: now. What is taken after such a call is read by its `next`,
   * what was taken shortly before may be
   * @param limit entries of a page, at least 1; fewer mean that there are no more yet
   */
  feed(after: string | null, limit: number): Promise<FeedPage>
  /** Calls back after each step of a task that this process took or sees; for live views, never for delivery. @returns unsubscribe */
  watch(listener: (id: TaskId, entry: StateLogEntry, projectId: ProjectId) => void): () => void
}
