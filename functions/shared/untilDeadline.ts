import type { Context } from 'aws-lambda'

export interface Deadline extends Disposable {
  /** Aborts when it is time to come to an end. */
  readonly signal: AbortSignal
  /** Resolves with the work, or when its time is over: it then goes on, if at all, in the instance's next call. */
  readonly race: <T>(work: Promise<T>) => Promise<T | undefined>
}

/** The time that a call has left, less what its answer takes. */
export function untilDeadline(context: Pick<Context, 'getRemainingTimeInMillis'>, reserveMs: number): Deadline {
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), Math.max(0, context.getRemainingTimeInMillis() - reserveMs))
  return {
    signal: stop.signal,
    race: (work) =>
      Promise.race([
        work,
        new Promise<undefined>((resolve) => {
          // A little later, so that work which heeds the signal ends by itself.
          const over = (): void => void setTimeout(() => resolve(undefined), reserveMs / 2)
          if (stop.signal.aborted) over()
          else stop.signal.addEventListener('abort', over, { once: true })
        }),
      ]),
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}
