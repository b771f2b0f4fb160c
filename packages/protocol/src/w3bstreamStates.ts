import type { Address } from './Hex.ts'
import { didOfAddress } from './parseDid.ts'
import { presentCourse } from './presentCourse.ts'
import type { StateLogEntry } from './Task.ts'
import { W3BSTREAM_STATES } from './transitions.ts'

/** One line of a state list as the later HTTP API answers it. */
export interface W3bstreamState {
  readonly state: 'packed' | 'assigned' | 'settled' | 'failed'
  /** RFC 3339. */
  readonly time: string
  readonly comment?: string
  /** Why it failed. */
  readonly error?: string
  readonly transaction_hash?: string
  /** `did:io:<40 hex>`. */
  readonly prover_id?: string
}

/**
 * A task's log as the later HTTP API shows it, oldest first.
 *
 * @param prover whom the task is assigned to
 */
export function w3bstreamStates(entries: readonly StateLogEntry[], prover: Address | null): W3bstreamState[] {
  return presentCourse(entries).flatMap(({ state, at, reason, result }): W3bstreamState[] => {
    const shown = W3BSTREAM_STATES[state]
    if (shown === null) return []
    const time = new Date(at).toISOString()
    if (shown === 'failed') return [{ state: shown, time, error: reason }]
    return [
      {
        state: shown,
        time,
        ...(reason === '' ? {} : { comment: reason }),
        ...(shown === 'settled' && result ? { transaction_hash: result } : {}),
        ...(shown === 'packed' || prover === null ? {} : { prover_id: didOfAddress(prover) }),
      },
    ]
  })
}
