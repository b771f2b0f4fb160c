import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { BadSignatureError } from './errors/BadSignatureError.ts'
import { type Address, fromHex } from './Hex.ts'
import type { Hash } from './ids.ts'
import { normaliseSignature } from './normaliseSignature.ts'
import { type DeviceKey, parseDid } from './parseDid.ts'
import { type Recover, recoverSigner } from './recoverSigner.ts'

/** A device's claim to have signed a digest. */
export interface DeviceSignature {
  readonly did: string
  /** The message digest. */
  readonly digest: Hash
  /** secp256k1: 65 bytes or 64 by EIP-2098; ed25519: 64 bytes; P-256: r || s, 64 bytes. */
  readonly signature: Uint8Array
  /** A native recovery of secp256k1 signers. Default: pure JavaScript. */
  readonly recover?: Recover
}

/**
 * Checks a device's signature over a message digest: secp256k1 over the digest itself (low s, a signer that is the device), ed25519 over its 32 bytes,
 * P-256 ECDSA over their SHA-256.
 *
 * Uses WebCrypto where it knows the curve, which is some ten times faster than JavaScript.
 * @throws {BadSignatureError} @throws {InvalidInputError} the DID is none
 */
export async function verifyDeviceSignature(claim: DeviceSignature): Promise<void> {
  const key = parseDid(claim.did)
  if (key.type === 'secp256k1') return checkSigner(key.address, claim)
  const native = await imports(key)
  const ok =
    native === null
      ? verifyPure(key, claim)
      : await crypto.subtle.verify(
          key.type === 'ed25519' ? 'Ed25519' : P256_SHA256,
          native,
          view(claim.signature),
          view(fromHex(claim.digest)),
        )
  if (!ok) throw new BadSignatureError({ reason: `the key of ${key.did} did not make it` })
}

/**
 * The same check without WebCrypto, at once.
 *
 * @throws {BadSignatureError} @throws {InvalidInputError} the DID is none
 */
export function verifyDeviceSignatureSync(claim: DeviceSignature): void {
  const key = parseDid(claim.did)
  if (key.type === 'secp256k1') checkSigner(key.address, claim)
  else if (!verifyPure(key, claim)) throw new BadSignatureError({ reason: `the key of ${key.did} did not make it` })
}

const P256_SHA256 = { name: 'ECDSA', hash: 'SHA-256' } as const
type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

/** Keys for WebCrypto, which costs as much to make as a verification; null where it is not there or does not know the curve. */
const imported = new WeakMap<DeviceKey, Promise<CryptoKey | null>>()

function imports(key: PureKey): Promise<CryptoKey | null> {
  const known = imported.get(key)
  if (known !== undefined) return known
  const made = importKey(key)
  imported.set(key, made)
  return made
}

function checkSigner(address: Address, { digest, signature, recover = recoverSigner }: DeviceSignature): void {
  const normal = normaliseSignature(signature)
  let signer: Address
  try {
    signer = recover(digest, normal)
  } catch (error) {
    if (error instanceof BadSignatureError) throw error
    throw new BadSignatureError({ reason: 'no key makes it' })
  }
  if (BigInt(signer) === 0n || signer.toLowerCase() !== address)
    throw new BadSignatureError({ reason: 'it is of another key, or over other data' })
}

type PureKey = Exclude<DeviceKey, { type: 'secp256k1' }>

function verifyPure({ type, publicKey }: PureKey, { digest, signature }: DeviceSignature): boolean {
  if (signature.length !== 64) return false
  try {
    return type === 'ed25519'
      ? ed25519.verify(signature, fromHex(digest), publicKey, { zip215: false })
      : p256.verify(signature, fromHex(digest), publicKey, { lowS: false })
  } catch {
    return false
  }
}

async function importKey({ type, publicKey }: PureKey): Promise<CryptoKey | null> {
  const algorithm = type === 'ed25519' ? 'Ed25519' : { name: 'ECDSA', namedCurve: 'P-256' }
  try {
    return await crypto.subtle.importKey('raw', view(publicKey), algorithm, false, ['verify'])
  } catch {
    // An old browser without Ed25519, a page without a secure context: JavaScript does it.
    return null
  }
}

/** WebCrypto takes no view of shared memory; what is given here never is one. */
const view = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes)
