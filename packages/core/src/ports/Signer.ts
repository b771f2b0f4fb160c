import type { Address, Hash, Hex } from '@w3bstream/protocol'

/** A secp256k1 key, local or in a KMS. */
export interface Signer {
  readonly address: Address
  /** @returns 65 bytes r || s || v with low s and v 27 or 28 */
  sign(digest: Hash): Promise<Hex>
}
