import type { MessageId, TraceId } from './ids.ts'
import { keccak } from './keccak.ts'
import { messageIdBytes } from './merkle.ts'

const utf8 = new TextEncoder()
const CONTEXT = utf8.encode('W3bstream-trace-v1')

/**
 * The trace that a message is followed by: the first 16 bytes of keccak256("W3bstream-trace-v1" || message id).
 *
 * Nothing has to be stored for it, and it does not give the message's id away: who knows that may fetch the receipt, while traces stand in logs
 * and in public lists of tasks.
 * @param id a message id, or its 16 bytes
 */
export function traceIdOf(id: MessageId | Uint8Array): TraceId {
  const input = new Uint8Array(CONTEXT.length + 16)
  input.set(CONTEXT)
  input.set(typeof id === 'string' ? messageIdBytes(id) : id, CONTEXT.length)
  let text = ''
  for (const byte of keccak(input).subarray(0, 16)) text += byte.toString(16).padStart(2, '0')
  return text as TraceId
}
