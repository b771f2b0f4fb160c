import { fromHex, InvalidConfigError } from '@w3bstream/protocol'

/** DER of a SubjectPublicKeyInfo up to the point: id-ecPublicKey (RFC 5480), secp256k1 (SEC 2, 1.3.132.0.10), a bit string of 65 bytes. */
const HEAD = fromHex('0x3056301006072a8648ce3d020106052b8104000a034200')
const UNCOMPRESSED = 0x04

/**
 * The point of a secp256k1 public key, uncompressed, 65 bytes.
 * @param keyId names it in the error
 * @throws {InvalidConfigError} it is another kind of key
 */
export function parseSpki(spki: Uint8Array, keyId: string): Uint8Array {
  const point = spki.subarray(HEAD.length)
  if (point.length !== 65 || point[0] !== UNCOMPRESSED || !HEAD.every((byte, i) => byte === spki[i]))
    throw new InvalidConfigError({ problems: [`the KMS key ${keyId} is not a secp256k1 key (ECC_SECG_P256K1)`] })
  return point
}
