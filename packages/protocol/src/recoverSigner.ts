import { secp256k1 } from '@noble/curves/secp256k1.js'
import { BadSignatureError } from './errors/BadSignatureError.ts'
import { type Address, fromHex, fromWord, toHex } from './Hex.ts'
import type { Hash } from './ids.ts'
import { keccak } from './keccak.ts'
import { normaliseSignature } from './normaliseSignature.ts'

/** Finds the signer of a 32-byte digest from a 65-byte signature. Throws when there is none. */
export type Recover = (digest: Hash, signature: Uint8Array) => Address

/**
 * The address whose key signed a digest, in pure JavaScript: about 700 a second; inject a native one where that is too slow.
 *
 * @param signature any form that `normaliseSignature` takes
 * @throws {BadSignatureError}
 */
export const recoverSigner: Recover = (digest, signature) => {
  const normal = normaliseSignature(signature)
  const [r, s] = [fromWord(normal.subarray(0, 32)), fromWord(normal.subarray(32, 64))]
  try {
    const point = new secp256k1.Signature(r, s, normal[64] === 28 ? 1 : 0).recoverPublicKey(fromHex(digest))
    return toHex(keccak(point.toBytes(false).subarray(1)).subarray(12))
  } catch {
    throw new BadSignatureError({ reason: 'no key makes it' })
  }
}
