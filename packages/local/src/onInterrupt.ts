const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** One Ctrl-C may come several times, from the terminal and from whoever started us: within so long it counts as one. */
const SAME_MS = 500

/** A process that was asked to end. */
export interface Interrupt {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal
  /** Leaves signals to the system again. */
  release(): void
}

/** The first SIGINT, SIGTERM or SIGHUP aborts, so that what is in hand can be finished; a later one means it, and ends the process at once. */
export function onInterrupt(): Interrupt {
  const stop = new AbortController()
  let stoppedAt = 0
  const interrupt = (signal: NodeJS.Signals): void => {
    if (!stop.signal.aborted) stoppedAt = performance.now()
    else if (performance.now() - stoppedAt > SAME_MS) process.exit(signal === 'SIGINT' ? 130 : 143)
    stop.abort()
  }
  for (const signal of SIGNALS) process.on(signal, interrupt)
  return {
    signal: stop.signal,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, interrupt)
    },
  }
}
