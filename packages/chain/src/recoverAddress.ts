import { type Address, BadSignatureError, fromHex, type Hash, type Hex } from '@w3bstream/protocol'
import { addressOfKey } from './addressOfKey.ts'
import { secp256k1 } from './secp256k1.ts'

/** Half the order of secp256k1: a larger s is the same signature in its malleable form. */
const HALF_ORDER = fromHex('0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0')

/**
 * Who signed a digest.
 * @param signature 65 bytes r || s || v (v 27, 28, 0 or 1), or 64 bytes of EIP-2098; as bytes or as hex
 * @throws {BadSignatureError} not such a signature, s in its high half, or of no key
 */
export function recoverAddress(digest: Hash, signature: Uint8Array | Hex): Address {
  const { rs, recovery } = split(signature)
  if (Buffer.compare(rs.subarray(32), HALF_ORDER) > 0) throw new BadSignatureError({ reason: 's is in its high half' })
  try {
    return addressOfKey(secp256k1.recover(fromHex(digest), rs, recovery))
  } catch {
    // The curve's own messages name its internals; to the sender there is one reason.
    throw new BadSignatureError({ reason: 'no key made it' })
  }
}

function split(signature: Uint8Array | Hex): { rs: Uint8Array; recovery: number } {
  const bytes = typeof signature === 'string' ? readHex(signature) : signature
  if (bytes.length === 64) {
    const rs = Uint8Array.from(bytes)
    const top = rs[32] ?? 0
    rs[32] = top & 0x7f
    return { rs, recovery: top >> 7 }
  }
  if (bytes.length !== 65) throw new BadSignatureError({ reason: 'it has to be 65 bytes, or 64 (EIP-2098)' })
  const v = bytes[64] ?? 0
  const recovery = v >= 27 ? v - 27 : v
  if (recovery > 1) throw new BadSignatureError({ reason: 'v has to be 27 or 28' })
  return { rs: bytes.subarray(0, 64), recovery }
}

function readHex(signature: Hex): Uint8Array {
  if (!/^0x(?:[0-9a-fA-F]{128}|[0-9a-fA-F]{130})$/.test(signature))
    throw new BadSignatureError({ reason: 'it has to be 65 bytes of hex, or 64 (EIP-2098)' })
  return fromHex(signature)
}
