import { type MessageId, messageId, toHex } from '@w3bstream/protocol'

/** A message id from its 16 bytes. */
export function messageIdOf(bytes: Uint8Array): MessageId {
  const hex = toHex(bytes).slice(2)
  return messageId(`${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`)
}
