import type { MessageHistory } from '@w3bstream/core'
import type { V1 } from '../client.ts'
import { rfc3339 } from '../reply/rfc3339.ts'
import { viewState } from './viewState.ts'

/** What happened to a message, from its reception on. */
export function viewStates({ message, states }: MessageHistory): V1['StateEntry'][] {
  const received = {
    state: 'received',
    time: rfc3339(message.receivedAt),
    actor: message.device ?? message.auth,
    reason: '',
    result: null,
  }
  return [received, ...states.map(viewState)]
}
