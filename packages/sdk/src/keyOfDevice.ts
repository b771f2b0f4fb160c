import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import {
  concatBytes,
  type DeviceKey,
  type Did,
  didOfAddress,
  didOfKey,
  fromHex,
  type Hash,
  type Hex,
  InvalidInputError,
  keccak256,
  toHex,
} from '@w3bstream/protocol'

/** Who signs as a device: a key in memory ({@link keyOfDevice}), or one that never leaves its chip. */
export interface DeviceSigner {
  readonly device: Did
  /** Signs the 32 bytes of a digest: secp256k1 the digest itself, ed25519 its bytes as a message, P-256 their SHA-256. */
  sign(digest: Hash): Promise<Hex>
}

/** A device's key in memory. */
export interface KeyOfDevice<Type extends DeviceKey['type'] = DeviceKey['type']> extends DeviceSigner {
  readonly type: Type
  /** ed25519: 32 bytes; secp256k1 and P-256: x || y, 64 bytes. */
  readonly publicKey: Uint8Array
}

/**
 * A device's key from its secret; nothing shows the secret again.
 *
 * secp256k1 signs 65 bytes (r || s || v), the others 64; s is always in the lower half. Its DID is `did:io:<address>` for secp256k1, else `did:key:z…`.
 * @param secret 32 bytes
 * @throws {InvalidInputError} the bytes are no key of this curve
 */
export function keyOfDevice<Type extends DeviceKey['type']>(type: Type, secret: Uint8Array): KeyOfDevice<Type> {
  // A copy: the caller may wipe its own, and must not be able to change ours.
  const kept = Uint8Array.from(secret)
  const publicKey = publicKeyOf(type, kept)
  return {
    type,
    publicKey,
    device: didOf(type, publicKey),
    sign: async (digest) => toHex(signWith(type, fromHex(digest), kept)),
  }
}

function publicKeyOf(type: DeviceKey['type'], secret: Uint8Array): Uint8Array {
  try {
    switch (type) {
      case 'ed25519':
        return ed25519.getPublicKey(secret)
      case 'p256':
        return p256.getPublicKey(secret, false).subarray(1)
      case 'secp256k1':
        return secp256k1.getPublicKey(secret, false).subarray(1)
    }
  } catch {
    // What the library says of the bytes is not for logs.
    throw new InvalidInputError({ field: 'secret', problem: `is no private key of ${type}` })
  }
}

function didOf(type: DeviceKey['type'], publicKey: Uint8Array): Did {
  switch (type) {
    case 'ed25519':
      return didOfKey(type, publicKey)
    case 'p256':
      return didOfKey(type, concatBytes(Uint8Array.of(2 + ((publicKey[63] ?? 0) & 1)), publicKey.subarray(0, 32)))
    case 'secp256k1':
      return didOfAddress(`0x${keccak256(publicKey).slice(-40)}`)
  }
}

function signWith(type: DeviceKey['type'], digest: Uint8Array, secret: Uint8Array): Uint8Array {
  switch (type) {
    case 'ed25519':
      return ed25519.sign(digest, secret)
    case 'p256':
      return p256.sign(digest, secret, { lowS: true })
    case 'secp256k1': {
      const [recovery = 0, ...rs] = secp256k1.sign(digest, secret, { prehash: false, format: 'recovered' })
      return Uint8Array.from([...rs, 27 + recovery])
    }
  }
}
