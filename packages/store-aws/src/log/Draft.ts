import { sha256 } from '@noble/hashes/sha2.js'
import type { Append } from '@w3bstream/core/ports'
import { type MessageId, messageRun, numberedKey, toHex } from '@w3bstream/protocol'
import { batchKey } from './batchItem.ts'
import { logName } from './logName.ts'
import { messageKey } from './messageItem.ts'

/** A message on its way into the log. */
export interface Draft {
  readonly entry: Append
  readonly id: MessageId
  readonly log: string
  /** The payload's UTF-8. */
  readonly bytes: Uint8Array
  /** Set where its id is in the run of a batch: it may be in the run's item. */
  readonly run: MessageId | null
  /** Whether its id may have been used before, so that the run's item has to be asked. */
  readonly isRepeatable: boolean
  /** Items beside the message's that its uniqueness takes. */
  readonly keyPointer: string | null
  readonly legacyPointer: string | null
}

const utf8 = new TextEncoder()

export function draft(entry: Append): Draft {
  const { message, idempotency, batch } = entry
  const { id, projectId, device, nonce } = message
  // Without a device and a nonce, the id says all that has to be unique.
  const isPlain = device === null && nonce === null && message.signature === null
  const isRepeatable = idempotency !== null
  const inRun = isPlain && (idempotency === null ? batch === true : numberedKey(idempotency.key) !== null)
  return {
    entry,
    id,
    log: logName(message),
    bytes: utf8.encode(message.payload),
    run: inRun ? messageRun(id).run : null,
    isRepeatable,
    keyPointer:
      idempotency === null || isPlain
        ? null
        : `k#${projectId}#${toHex(sha256(utf8.encode(JSON.stringify([idempotency.principal, idempotency.key])))).slice(2)}`,
    legacyPointer:
      device === null || message.auth !== 'legacy' ? null : legacyKey(projectId, device, message.payloadHash),
  }
}

/** Where the first older signed message of a device and a payload is named. */
export const legacyKey = (projectId: bigint, device: string, payloadHash: string): string =>
  `l#${projectId}#${device}#${payloadHash.slice(2)}`

/** Items that one message's outcome hangs on: messages that share one are judged one after the other. */
export const itemsOf = ({ id, run, keyPointer, legacyPointer }: Draft): string[] =>
  [run === null ? messageKey(id) : batchKey(run), keyPointer, legacyPointer].filter((one) => one !== null)
