import { type Address, keccak, toHex } from '@w3bstream/protocol'

/** @param publicKey uncompressed, 65 bytes. @returns the account's address: the last 20 bytes of the key's keccak256 */
export function addressOfKey(publicKey: Uint8Array): Address {
  return toHex(keccak(publicKey.subarray(1)).subarray(12))
}
