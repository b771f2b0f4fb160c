import { concatBytes, type MessageId, messageIdBytes } from '@w3bstream/protocol'
import { messageIdOf } from './messageIdOf.ts'

const ID_BYTES = 16
const COUNT_BYTES = 4

/** Payloads one after the other, then their messages' ids and how many they are: who deletes the object has to know whose payloads it holds. */
export function writeShared(messages: readonly { readonly id: MessageId; readonly bytes: Uint8Array }[]): Uint8Array {
  const count = new Uint8Array(COUNT_BYTES)
  new DataView(count.buffer).setUint32(0, messages.length)
  return concatBytes(...messages.map(({ bytes }) => bytes), ...messages.map(({ id }) => messageIdBytes(id)), count)
}

/** Ids of the messages whose payloads are in such an object. @throws {RangeError} it is none */
export function idsInShared(object: Uint8Array): MessageId[] {
  const view = new DataView(object.buffer, object.byteOffset, object.length)
  const count = view.getUint32(object.length - COUNT_BYTES)
  const start = object.length - COUNT_BYTES - ID_BYTES * count
  if (start < 0) throw new RangeError('the object of a batch has no list of its messages')
  return Array.from({ length: count }, (_, i) =>
    messageIdOf(object.subarray(start + ID_BYTES * i, start + ID_BYTES * (i + 1))),
  )
}
