import { presentCourse } from './presentCourse.ts'
import type { StateLogEntry } from './Task.ts'
import { SPROUT_STATES } from './transitions.ts'

/** One line of a state list as the first HTTP API answers it. */
export interface SproutState {
  readonly state: 'received' | 'packed' | 'dispatched' | 'proved' | 'outputted' | 'failed'
  /** RFC 3339. */
  readonly time: string
  readonly comment: string
  readonly result: string
}

/**
 * A task's log as the first HTTP API shows it, oldest first.
 *
 * @param receivedAt when the message was accepted; null for a task's own list, which begins with `packed`
 */
export function sproutStates(entries: readonly StateLogEntry[], receivedAt: number | null): SproutState[] {
  const received: SproutState[] =
    receivedAt === null
      ? []
      : [{ state: 'received', time: new Date(receivedAt).toISOString(), comment: '', result: '' }]
  const states = presentCourse(entries).flatMap(({ state, at, reason, result }): SproutState[] => {
    const shown = SPROUT_STATES[state]
    return shown === null
      ? []
      : [{ state: shown, time: new Date(at).toISOString(), comment: reason, result: result ?? '' }]
  })
  return [...received, ...states]
}
