import { sha256 } from '@noble/hashes/sha2.js'
import { type Did, type Domain, type Hex, hash, messageDigest, type ProjectId, toHex } from '@w3bstream/protocol'
import type { DeviceSigner } from './keyOfDevice.ts'

/** What a device says, and for whom. */
export interface MessageToSign {
  readonly projectId: ProjectId
  /** Version of the project. */
  readonly version: string
  /** Each used once by a device; below 2^64. */
  readonly nonce: bigint
  readonly payload: string
}

/** A device's signature with what it covers, as `POST /v1/messages` takes it beside `projectId` and `data`. */
export interface SignedMessage {
  readonly device: Did
  readonly version: string
  readonly nonce: string
  readonly signature: Hex
}

const utf8 = new TextEncoder()

/**
 * Signs a message as `/v1` wants it: EIP-712 over project, version, device, nonce and the payload's sha-256, in the domain of the registry.
 *
 * @throws {RangeError} the nonce does not fit 64 bits
 */
export async function signMessage(
  signer: DeviceSigner,
  domain: Domain,
  { projectId, version, nonce, payload }: MessageToSign,
): Promise<SignedMessage> {
  const { device } = signer
  const payloadHash = hash(toHex(sha256(utf8.encode(payload))))
  const signature = await signer.sign(messageDigest(domain, { projectId, version, device, nonce, payloadHash }))
  return { device, version, nonce: nonce.toString(), signature }
}
