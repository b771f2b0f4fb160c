import { StoreUnavailableError } from '@w3bstream/protocol'

const MAX_PAUSE_MS = 500

/** Another writer was first, or nobody knows who was: look again. */
export interface Again {
  /** What stood in the way, for the error when it never ends. */
  readonly again: string
  readonly cause?: unknown
}

/**
 * Tries until it has a result, with growing random pauses between (full jitter).
 * @param attempt gets the number of the attempt, from 0
 * @throws {StoreUnavailableError} after so many tries
 */
export async function contend<T>(
  attempt: (tried: number) => Promise<{ readonly value: T } | Again>,
  options: { readonly tries?: number; readonly pauseMs?: number } = {},
): Promise<T> {
  const { tries = 25, pauseMs = 10 } = options
  let last: Again = { again: 'nothing was tried' }
  for (let tried = 0; tried < tries; tried++) {
    const outcome = await attempt(tried)
    if ('value' in outcome) return outcome.value
    last = outcome
    const ms = Math.random() * Math.min(MAX_PAUSE_MS, pauseMs * 2 ** tried)
    await new Promise((resolve) => setTimeout(resolve, ms))
  }
  throw new StoreUnavailableError({ reason: `${last.again}, ${tries} times`, cause: last.cause })
}
