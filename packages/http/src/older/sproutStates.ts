import { SPROUT_STATES, type StateLogEntry } from '@w3bstream/protocol'
import { rfc3339 } from '../reply/rfc3339.ts'

/** One state as Sprout's API shows it. */
export interface SproutState {
  readonly state: string
  /** RFC 3339. */
  readonly time: string
  readonly comment: string
  readonly result: string
}

/** A task's state log in Sprout's words. */
export function sproutStates(entries: readonly StateLogEntry[]): SproutState[] {
  return entries.flatMap((entry) => {
    const state = SPROUT_STATES[entry.state]
    if (state === null) return []
    return [
      {
        state,
        time: rfc3339(entry.at),
        comment: entry.state === 'failed' ? entry.reason : '',
        result: entry.result ?? '',
      },
    ]
  })
}
