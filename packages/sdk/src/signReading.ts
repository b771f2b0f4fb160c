import { secp256k1 } from '@noble/curves/secp256k1.js'
import { type Hex, poseidon, toHex, toWord } from '@w3bstream/protocol'

/** The big-endian integer of the ASCII text `W3bstream-reading-v1`: no other signature of the system is over a digest that begins with it. */
const TAG = BigInt(toHex(new TextEncoder().encode('W3bstream-reading-v1')))

/**
 * The scalar that a device signs for a circuit to check: Poseidon over tag, scope and the reading's values.
 *
 * @param scope of {@link scopeOf}
 * @param values in the order of the circuit; for `signed-readings` the time, then `u` of the temperature. Each below the field's modulus
 * @throws {RangeError}
 */
export function readingDigest(scope: bigint, values: readonly bigint[]): bigint {
  return poseidon([TAG, scope, ...values])
}

/**
 * Signs a reading so that a Halo2 circuit can check it: plain ECDSA over secp256k1 with {@link readingDigest} in the place of the hash. A circuit of this kind
 * has no keccak, so it cannot open the EIP-712 signature of `signMessage`; a message has both.
 *
 * @param secret 32 bytes, the key whose public half is in the project's key set
 * @returns r || s, 64 bytes, s in the lower half; the same for the same reading
 * @throws {RangeError} a value is not below the field's modulus
 */
export function signReading(secret: Uint8Array, scope: bigint, values: readonly bigint[]): Hex {
  const digest = toWord(readingDigest(scope, values))
  return toHex(secp256k1.sign(digest, secret, { prehash: false, lowS: true, format: 'compact' }))
}
