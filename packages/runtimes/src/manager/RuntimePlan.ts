import type { ProveJob } from '@w3bstream/core/ports'

export interface Bounds {
  readonly memoryBytes: number
  readonly timeoutMs: number
}

/** What the manager has to know of a runtime beside what it does. */
export interface RuntimePlan {
  /** Most that a program not yet seen is taken to need, whatever its job allows. */
  readonly unseen: Bounds
  /** Most that a job may take, whatever it allows. */
  readonly mostOf: (job: ProveJob) => Bounds
  /** What a program's process takes beside. */
  readonly overheadBytes: number
  /** Whether its proofs take of this machine: one elsewhere has memory and cores of its own, and counts as one core here. */
  readonly isHere: boolean
  /** Whether a proof of the job makes use of several cores. */
  readonly isParallel: (job: ProveJob) => boolean
  /** GPUs that a proof takes. */
  readonly gpus: number
}
