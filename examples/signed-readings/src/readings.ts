import { type Domain, type Hex, type ProjectId, readInputFields, toHex } from '@w3bstream/protocol'
import { type KeyOfDevice, type KeySet, scopeOf, signMessage, signReading } from '@w3bstream/sdk'
import { FIELDS } from './fields.ts'

/** What a device measured. */
export interface Reading {
  /** Degrees Celsius, at most one decimal place, from -40 to 60. */
  readonly temperature: number
  /** Unix seconds. */
  readonly time: number
}

/** A deployment's registry and the project in it: what a signature is for. */
export interface Audience {
  readonly domain: Domain
  readonly projectId: ProjectId
}

/** A device's place in the set of keys. */
interface Place {
  readonly keys: KeySet
  readonly index: number
}

/**
 * A reading as the circuit takes it, signed over its Poseidon digest by a secp256k1 key.
 *
 * @param device its secret of 32 bytes and its public key, x || y
 * @returns the message's `data`
 * @throws {InvalidInputError} the reading is out of its bounds
 */
export function circuitPayload(
  reading: Reading,
  device: { readonly secret: Uint8Array; readonly publicKey: Uint8Array },
  { domain, projectId }: Audience,
  { keys, index }: Place,
): string {
  const [temperature = 0n, time = 0n] = readInputFields(FIELDS, JSON.stringify(reading))
  const scope = scopeOf(domain, projectId)
  return JSON.stringify({
    temperature: reading.temperature,
    time: reading.time,
    scope: word(scope),
    key: `0x04${toHex(device.publicKey).slice(2)}`,
    signature: signReading(device.secret, scope, [time, temperature]),
    index,
    path: keys.path(index),
  })
}

/**
 * A reading as the guest takes it, signed over the EIP-712 struct `Message` by an ed25519 or P-256 key.
 *
 * Post it as a message of this device with this nonce: the nonce is used up with it, so nobody can post the reading alone in its name.
 * @returns the message's `data`
 * @throws {InvalidInputError} the reading is out of its bounds
 */
export async function guestPayload(
  reading: Reading,
  device: KeyOfDevice,
  { domain, projectId }: Audience,
  { keys, index }: Place,
  { version, nonce }: { readonly version: string; readonly nonce: bigint },
): Promise<string> {
  const text = JSON.stringify({ temperature: reading.temperature, time: reading.time })
  readInputFields(FIELDS, text)
  const signed = await signMessage(device, domain, { projectId, version, nonce, payload: text })
  return JSON.stringify({
    reading: text,
    version,
    device: device.device,
    nonce: signed.nonce,
    algorithm: device.type,
    key: toHex(device.publicKey),
    signature: signed.signature,
    index,
    path: keys.path(index),
    domain: { chainId: domain.chainId.toString(), verifyingContract: domain.verifyingContract },
  })
}

const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, '0')}`
