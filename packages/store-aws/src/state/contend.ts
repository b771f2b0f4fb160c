import { StoreUnavailableError } from '@w3bstream/protocol'

const MAX_PAUSE_MS = 500
const FIRST_PAUSE_MS = 10
const TRIES = 25
/** Callers have limits of their own, and what they would do is found again by a later sweep. */
const GIVE_UP_MS = 6_000

/** Another writer was first, or nobody knows who was: look again. */
export interface Again {
  /** What stood in the way, for the error when it never ends. */
  readonly again: string
  readonly cause?: unknown
}

/**
 * Tries until it has a result, with growing random pauses between (full jitter), up to so many times and so long.
 * @throws {StoreUnavailableError}
 */
export async function contend<T>(attempt: () => Promise<{ readonly value: T } | Again>): Promise<T> {
  const end = performance.now() + GIVE_UP_MS
  for (let tried = 1; ; tried++) {
    const outcome = await attempt()
    if ('value' in outcome) return outcome.value
    if (tried === TRIES || performance.now() > end)
      throw new StoreUnavailableError({ reason: `${outcome.again}, ${tried} times`, cause: outcome.cause })
    const ms = Math.random() * Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tried)
    await new Promise((resolve) => setTimeout(resolve, ms))
  }
}
