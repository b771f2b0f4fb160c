import { type MessageId, messageId, sproutStates } from '@w3bstream/protocol'
import type { AppContext } from '../AppContext.ts'
import type { Handler } from '../Endpoints.ts'
import { json } from '../reply/json.ts'
import { pathParam } from '../request/pathParam.ts'

/** `GET /message/:id`: anybody who knows the id may ask, since an id cannot be guessed. */
export function getMessage({ w3b, access }: AppContext): Handler {
  return async (c) => {
    access.takeAddress(access.source(c), 1)
    const messageID = pathParam(c, 'id')
    const id = readId(messageID)
    const history = id === null ? null : await w3b.message(id)
    if (history === null) return json({ messageID, states: null })
    const { message, states } = history
    return json({ messageID: message.id, states: sproutStates(states, message.receivedAt) })
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
