import type { Address, Hash, Hex } from '@w3bstream/protocol'

/** A secp256k1 key, local or in a KMS. One key signs the same digest differently each time, or not: nobody may rely on either. */
export interface Signer {
  readonly address: Address
  /**
   * @returns 65 bytes r || s || v with low s and v 27 or 28
   * @throws {W3bError} the key cannot be reached or refuses; `retryable` where it may sign later
   */
  sign(digest: Hash): Promise<Hex>
}
