import type { ProveJob } from '@w3bstream/core/ports'

export interface Bounds {
  readonly memoryBytes: number
  readonly timeoutMs: number
}

/** What a job can make use of. */
export interface JobPlan {
  /** Most that it may take, whatever it allows. */
  readonly most: Bounds
  /** Whether its proof makes use of several cores. */
  readonly isParallel: boolean
}

/** What the manager has to know of a runtime beside what it does. */
export interface RuntimePlan {
  /** Most that a program not yet seen is taken to need, whatever its job allows. */
  readonly unseen: Bounds
  /** Asked before the job waits for its place. @throws what `signal` was aborted with */
  readonly of: (job: ProveJob, signal: AbortSignal) => Promise<JobPlan>
  /** What a program's process takes beside. */
  readonly overheadBytes: number
  /**
   * Where proofs can be made to fit the memory that they are given, as in smaller segments: the least that one fits. Null: a proof takes what it takes, and is
   * stopped at its job's own limit, which may be more than what was planned for it.
   */
  readonly leastBytes: number | null
  /** Whether its proofs take of this machine: one elsewhere has memory and cores of its own, and counts as one core here. */
  readonly isHere: boolean
  /** GPUs that a proof takes. */
  readonly gpus: number
}
