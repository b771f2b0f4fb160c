import {
  type Did,
  type Envelope,
  fromHex,
  hash,
  type Message,
  type MessageAuth,
  type MessageId,
  messageId,
  toHex,
} from '@w3bstream/protocol'
import { type Item, read } from '../state/attribute.ts'
import { logName, parseLogName } from './logName.ts'
import type { ObjectName, Payload } from './Payload.ts'

/** How a message was authenticated, in one letter. */
const AUTH_LETTERS = { none: 'n', device: 'd', legacy: 'l', token: 't' } as const satisfies Record<MessageAuth, string>
const AUTHS = new Map<string, MessageAuth>(
  (['none', 'device', 'legacy', 'token'] as const).map((auth) => [AUTH_LETTERS[auth], auth]),
)
const utf8 = new TextEncoder()

/** What an envelope is read from, where the payload is not wanted. */
export const ENVELOPE_ATTRIBUTES = ['pk', 'l', 'a', 't', 'd', 'n', 'h', 's'] as const

export const messageKey = (id: MessageId): string => `m#${id}`

/**
 * A message in an item of its own; its payload is in it where no object is named.
 * @param object.offset null where the object has no other payload
 */
export function messageItem(
  message: Message,
  object?: { readonly name: ObjectName; readonly offset: number | null; readonly size: number },
): Item {
  return {
    pk: { S: messageKey(message.id) },
    l: { S: logName(message) },
    a: { S: AUTH_LETTERS[message.auth] },
    t: { N: String(message.receivedAt) },
    h: { B: fromHex(message.payloadHash) },
    ...(message.device === null ? {} : { d: { S: message.device } }),
    ...(message.nonce === null ? {} : { n: { N: String(message.nonce) } }),
    ...(message.signature === null ? {} : { s: { B: fromHex(message.signature) } }),
    ...(object === undefined
      ? { p: { S: message.payload } }
      : {
          z: { N: String(object.size) },
          o: { B: object.name },
          ...(object.offset === null ? {} : { f: { N: String(object.offset) } }),
        }),
  }
}

/** @throws {TypeError} */
export function envelopeOf(item: Item): Envelope {
  return {
    id: messageId(read.text(item, 'pk').slice(2)),
    ...parseLogName(read.text(item, 'l')),
    auth: authOf(read.text(item, 'a')),
    // Checked when it was taken in.
    device: item.d !== undefined ? (read.text(item, 'd') as Did) : null,
    nonce: item.n !== undefined ? BigInt(item.n?.N ?? 0) : null,
    payloadHash: hash(toHex(read.bytes(item, 'h'))),
    signature: item.s !== undefined ? toHex(read.bytes(item, 's')) : null,
    receivedAt: read.int(item, 't'),
  }
}

/** @throws {TypeError} */
export function payloadOf(item: Item): Payload {
  if (item.x !== undefined) return { type: 'expired' }
  if (item.p !== undefined) return { type: 'here', text: read.text(item, 'p') }
  const offset = item.f !== undefined ? read.int(item, 'f') : 0
  return { type: 'object', object: read.bytes(item, 'o'), offset }
}

/** UTF-8 bytes of the payload of a message whose item was just put. @throws {TypeError} */
export function payloadSize(image: Item): number {
  return image.z !== undefined ? read.int(image, 'z') : utf8.encode(read.text(image, 'p')).length
}

function authOf(letter: string): MessageAuth {
  const auth = AUTHS.get(letter)
  if (auth === undefined) throw new TypeError(`a message's item names the unknown authentication ${letter}`)
  return auth
}
