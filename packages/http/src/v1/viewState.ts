import type { StateLogEntry } from '@w3bstream/protocol'
import type { V1 } from '../client.ts'
import { rfc3339 } from '../reply/rfc3339.ts'

/** A step of a state log. */
export function viewState(entry: StateLogEntry): V1['StateEntry'] {
  return { state: entry.state, time: rfc3339(entry.at), actor: entry.actor, reason: entry.reason, result: entry.result }
}
