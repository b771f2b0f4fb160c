import { type StateLogEntry, W3BSTREAM_STATES } from '@w3bstream/protocol'
import { rfc3339 } from '../reply/rfc3339.ts'

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
    const shown = { state, time: rfc3339(entry.at) }
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
