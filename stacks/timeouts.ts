/** Seconds that one call of a function, or one proof, may take. A queue's visibility timeout follows from its consumer's. */
export const timeouts = {
  /** One request; events are streamed for at most 60. */
  ingest: 75,
  segments: 60,
  /** Shorter than the minute between two runs of the schedule. */
  sequencer: 55,
  settler: 60,
} as const

/** Lambda asks for six times the function's timeout, so that retries of a throttled call do not make a hint visible twice. */
export const visibilityOf = (timeoutS: number) => 6 * timeoutS
