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
  /** Whether a proof of the job makes use of several cores; `untold`: that is for the runtime to say, on a machine of its own perhaps. */
  readonly threadsOf: (job: ProveJob) => 'one' | 'many' | 'untold'
  /** GPUs that a proof takes. */
  readonly gpus: number
}
