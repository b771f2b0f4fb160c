import { createRequire } from 'node:module'
import { secp256k1 as pure } from '@noble/curves/secp256k1.js'

/** The two operations that the road needs of the curve. */
export interface Secp256k1 {
  /** @returns r || s (64 bytes, low s) and the recovery id, 0 or 1 */
  sign(digest: Uint8Array, key: Uint8Array): { readonly rs: Uint8Array; readonly recovery: number }
  /** @returns the uncompressed public key, 65 bytes. @throws if no key fits */
  recover(digest: Uint8Array, rs: Uint8Array, recovery: number): Uint8Array
  /** @returns the uncompressed public key, 65 bytes. @throws if the key is not in 1 … n-1 */
  publicKey(key: Uint8Array): Uint8Array
}

/** The curve in JavaScript: audited, and some 25 times slower than the native one. */
export const pureSecp256k1: Secp256k1 = {
  sign(digest, key) {
    const signature = pure.Signature.fromBytes(
      pure.sign(digest, key, { prehash: false, lowS: true, format: 'recovered' }),
      'recovered',
    )
    return { rs: signature.toBytes('compact'), recovery: signature.recovery ?? 0 }
  },
  recover(digest, rs, recovery) {
    return pure.Signature.fromBytes(rs, 'compact').addRecoveryBit(recovery).recoverPublicKey(digest).toBytes(false)
  },
  publicKey: (key) => pure.getPublicKey(key, false),
}

/** libsecp256k1 where it has a build for this machine, else the curve in JavaScript. */
export const secp256k1: Secp256k1 = native() ?? pureSecp256k1

function native(): Secp256k1 | null {
  let addon: typeof import('secp256k1')
  try {
    // The package's main file would fall back to another JavaScript implementation by itself.
    addon = createRequire(import.meta.url)('secp256k1/bindings.js')
  } catch {
    return null
  }
  return {
    sign(digest, key) {
      const { signature, recid } = addon.ecdsaSign(digest, key)
      return { rs: signature, recovery: recid }
    },
    recover: (digest, rs, recovery) => addon.ecdsaRecover(rs, recovery, digest, false),
    publicKey: (key) => addon.publicKeyCreate(key, false),
  }
}
