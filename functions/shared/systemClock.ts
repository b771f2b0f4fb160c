import type { Clock } from '@w3bstream/core'

export const systemClock: Clock = { now: () => Date.now() }
