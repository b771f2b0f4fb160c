/** What the writer hands to the checkpoint thread. */
export interface CheckpointOptions {
  readonly path: string
  /** Shared words, named by FLAG. */
  readonly flags: Int32Array
  readonly everyMs: number
  /** WAL pages past which the writer is asked to start the WAL over. */
  readonly restartPages: number
}

/** `dirty`: there is something to copy. `restart`: the writer is asked to start the WAL over. `stop`: the end. */
export const FLAG = { dirty: 0, restart: 1, stop: 2 } as const
