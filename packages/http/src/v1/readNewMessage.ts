import type { Credential } from '@w3bstream/core'
import { BadSignatureError, type Did, type Hex, InvalidInputError, type ProjectId, parseDid } from '@w3bstream/protocol'
import type { JsonObject } from '../request/parseBody.ts'
import { payloadText } from '../request/payloadText.ts'
import { readProjectId } from './readProjectId.ts'

/** A message as `/v1` posts it. */
export interface NewMessage {
  readonly projectId: ProjectId
  readonly version: string | null
  readonly data: string
  /** Null: not signed. */
  readonly device: Extract<Credential, { type: 'device' }> | null
  readonly idempotencyKey: string | null
}

/**
 * Reads one message, by hand: a schema takes several times as long. A member that is not known is refused, since a misspelt `signature` must not turn
 * a signed message into one of anyone's.
 * @throws {InvalidInputError} naming the field @throws {BadSignatureError} a signature that cannot be one @throws {HttpError} 413
 */
export function readNewMessage(body: JsonObject, maxMessageBytes: number): NewMessage {
  let id: unknown
  let version: unknown = null
  let data: unknown
  let device: unknown
  let nonce: unknown
  let signature: unknown
  let key: unknown = null
  for (const name in body) {
    const value = body[name]
    switch (name) {
      case 'projectId':
        id = value
        break
      case 'version':
        version = value
        break
      case 'data':
        data = value
        break
      case 'device':
        device = value
        break
      case 'nonce':
        nonce = value
        break
      case 'signature':
        signature = value
        break
      case 'idempotencyKey':
        key = value
        break
      default:
        throw new InvalidInputError({ field: name.slice(0, 64), problem: 'is not a field of a message' })
    }
  }
  return {
    projectId: readProjectId(id),
    version: version === null || version === undefined ? null : readText(version, 'version', 128),
    data: payloadText(readText(data, 'data'), maxMessageBytes),
    device:
      device === undefined && nonce === undefined && signature === undefined
        ? null
        : readDevice(device, nonce, signature),
    idempotencyKey: key === null || key === undefined ? null : readText(key, 'idempotencyKey', 256),
  }
}

function readText(value: unknown, field: string, maxLength?: number): string {
  if (value === undefined || value === null || value === '')
    throw new InvalidInputError({ field, problem: 'is missing' })
  if (typeof value !== 'string') throw new InvalidInputError({ field, problem: 'has to be a string' })
  if (maxLength !== undefined && value.length > maxLength)
    throw new InvalidInputError({ field, problem: `has to be at most ${maxLength} characters` })
  return value
}

function readDevice(device: unknown, nonce: unknown, signature: unknown): Extract<Credential, { type: 'device' }> {
  const did = readText(device, 'device', 256)
  const hex = readText(signature, 'signature')
  if (!/^0x[0-9a-f]{128}(?:[0-9a-f]{2})?$/i.test(hex))
    throw new BadSignatureError({ reason: 'it has to be 0x and 64 or 65 bytes in hex' })
  return { type: 'device', nonce: readNonce(nonce), device: readDid(did), signature: hex.toLowerCase() as Hex }
}

/** One spelling a device: each would have nonces of its own otherwise. */
function readDid(text: string): Did {
  const { did } = parseDid(text)
  if (did !== text) throw new InvalidInputError({ field: 'device', problem: `has to be in its normal form, ${did}` })
  return did
}

function readNonce(value: unknown): bigint {
  const field = 'nonce'
  if (value === undefined || value === null) throw new InvalidInputError({ field, problem: 'is missing' })
  const nonce =
    (typeof value === 'string' && /^(?:0|[1-9][0-9]{0,19})$/.test(value)) ||
    (typeof value === 'number' && Number.isSafeInteger(value)) ||
    typeof value === 'bigint'
      ? BigInt(value)
      : -1n
  if (nonce < 0n || nonce >= 1n << 64n)
    throw new InvalidInputError({ field, problem: 'has to be an integer from 0 to 2^64-1, in decimal digits' })
  return nonce
}
