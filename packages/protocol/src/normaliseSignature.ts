import { BadSignatureError } from './errors/BadSignatureError.ts'
import { fromWord, toWord } from './Hex.ts'

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const ORDER = toWord(N)
const HALF_N = toWord(N >> 1n)
const ZERO = new Uint8Array(32)

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
  if (signature.length !== 64 && signature.length !== 65) throw bad(`it has ${signature.length} bytes, not 64 or 65`)
  const normal = new Uint8Array(65)
  normal.set(signature)
  const [r, s] = [normal.subarray(0, 32), normal.subarray(32, 64)]
  let odd: boolean
  if (signature.length === 64) {
    const top = normal[32] ?? 0
    odd = top >> 7 === 1
    normal[32] = top & 0x7f
  } else {
    const v = signature[64]
    if (v !== 0 && v !== 1 && v !== 27 && v !== 28) throw bad('its last byte has to be 0, 1, 27 or 28')
    odd = v === 1 || v === 28
  }
  if (!inRange(r) || !inRange(s)) throw bad('a number in it is out of range')
  const high = compare(s, HALF_N) > 0
  if (high) {
    if (options.highS !== 'flip') throw bad('its s is in the upper half')
    s.set(toWord(N - fromWord(s)))
  }
  normal[64] = odd !== high ? 28 : 27
  return normal
}

/** Whether a number of a signature lies in 1 … n-1. */
const inRange = (number: Uint8Array): boolean => compare(number, ZERO) > 0 && compare(number, ORDER) < 0

/** Order of two big-endian numbers of 32 bytes: negative, 0 or positive. Made for every signed message, where bigints would cost more. */
function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < 32; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
