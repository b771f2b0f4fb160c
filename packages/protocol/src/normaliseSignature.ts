import { BadSignatureError } from './errors/BadSignatureError.ts'
import { concatBytes, fromWord, toWord } from './Hex.ts'

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const HALF_N = N >> 1n

/**
 * Brings a secp256k1 signature into the one form that contracts take: r || s || v, 65 bytes, low s, v 27 or 28.
 *
 * @param signature 64 bytes (EIP-2098), or 65 with a v of 0, 1, 27 or 28
 * @param options.highS what to do with the other s of the same signature; default refuse. `flip` is for the older API, whose verifier takes both
 * @throws {BadSignatureError}
 */
export function normaliseSignature(
  signature: Uint8Array,
  options: { readonly highS?: 'refuse' | 'flip' } = {},
): Uint8Array {
  const bad = (reason: string) => new BadSignatureError({ reason })
  let odd: boolean
  let s = fromWord(signature.subarray(32, 64))
  if (signature.length === 64) {
    odd = s >> 255n === 1n
    s &= (1n << 255n) - 1n
  } else if (signature.length === 65) {
    const v = signature[64]
    if (v !== 0 && v !== 1 && v !== 27 && v !== 28) throw bad('its last byte has to be 0, 1, 27 or 28')
    odd = v === 1 || v === 28
  } else throw bad(`it has ${signature.length} bytes, not 64 or 65`)
  const r = fromWord(signature.subarray(0, 32))
  if (r === 0n || r >= N || s === 0n || s >= N) throw bad('a number in it is out of range')
  const high = s > HALF_N
  if (high && options.highS !== 'flip') throw bad('its s is in the upper half')
  return concatBytes(signature.subarray(0, 32), toWord(high ? N - s : s), Uint8Array.of(odd !== high ? 28 : 27))
}
