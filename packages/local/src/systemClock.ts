import type { Clock } from '@w3bstream/core'

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() }
