import { type MessageId, messageId } from '@w3bstream/protocol'
import type { AppContext } from '../AppContext.ts'
import type { Handler } from '../Endpoints.ts'
import { json } from '../reply/json.ts'
import { rfc3339 } from '../reply/rfc3339.ts'
import { pathParam } from '../request/pathParam.ts'
import { type SproutState, sproutStates } from './sproutStates.ts'

/** `GET /message/:id`: anybody who knows the id may ask, since an id cannot be guessed. */
export function getMessage({ w3b }: AppContext): Handler {
  return async (c) => {
    const messageID = pathParam(c, 'id')
    const id = readId(messageID)
    const history = id === null ? null : await w3b.message(id)
    if (history === null) return json({ messageID, states: null })
    const received: SproutState = {
      state: 'received',
      time: rfc3339(history.message.receivedAt),
      comment: '',
      result: '',
    }
    return json({ messageID: history.message.id, states: [received, ...sproutStates(history.states)] })
  }
}

function readId(id: string): MessageId | null {
  try {
    return messageId(id)
  } catch {
    // What is no id is the id of nothing.
    return null
  }
}
