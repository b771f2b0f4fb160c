import { SPROUT_STATES, type StateLogEntry, W3BSTREAM_STATES } from '@w3bstream/protocol'

/** One state as Sprout's API shows it. */
export interface SproutState {
  readonly state: string
  /** RFC 3339. */
  readonly time: string
  readonly comment: string
  readonly result: string
}

const time = (at: number): string => new Date(at).toISOString()

/** A task's state log in Sprout's words. */
export function sproutStates(entries: readonly StateLogEntry[]): SproutState[] {
  return entries.flatMap((entry) => {
    const state = SPROUT_STATES[entry.state]
    if (state === null) return []
    return [
      {
        state,
        time: time(entry.at),
        comment: entry.state === 'failed' ? entry.reason : '',
        result: entry.result ?? '',
      },
    ]
  })
}

/** One state as the later API shows it. */
export interface LaterState {
  readonly state: string
  readonly time: string
  readonly comment?: string
  readonly error?: string
  readonly transaction_hash?: string
  /** `did:io:<40 hex>`. */
  readonly prover_id?: string
}

/**
 * A task's state log in the later API's words.
 * @param prover the present assignment's: who had earlier ones is not kept
 */
export function laterStates(entries: readonly StateLogEntry[], prover: string | null): LaterState[] {
  const lastAssigned = entries.findLastIndex((entry) => entry.state === 'assigned')
  return entries.flatMap((entry, index): LaterState[] => {
    const state = W3BSTREAM_STATES[entry.state]
    if (state === null) return []
    const shown = { state, time: time(entry.at) }
    switch (entry.state) {
      case 'assigned':
        return [
          prover === null || index !== lastAssigned ? shown : { ...shown, prover_id: `did:io:${prover.slice(2)}` },
        ]
      case 'settled':
        return [{ ...shown, ...(entry.result ? { transaction_hash: entry.result } : {}) }]
      case 'failed':
        return [{ ...shown, error: entry.reason }]
      default:
        return [shown]
    }
  })
}
