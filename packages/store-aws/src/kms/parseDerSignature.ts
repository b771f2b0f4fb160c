import { BadSignatureError } from '@w3bstream/protocol'

const SEQUENCE = 0x30
const INTEGER = 0x02

/**
 * An ECDSA signature in DER (RFC 3279, section 2.2.3) as r || s, 32 bytes each. Nothing but DER is taken: lengths in their shortest form, integers
 * positive and without needless zeros, nothing behind.
 * @throws {BadSignatureError}
 */
export function parseDerSignature(der: Uint8Array): Uint8Array {
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2) throw bad('it is not one DER sequence')
  const r = readInteger(der, 2)
  const s = readInteger(der, r.end)
  if (s.end !== der.length) throw bad('there are bytes behind its two numbers')
  const out = new Uint8Array(64)
  out.set(r.value, 32 - r.value.length)
  out.set(s.value, 64 - s.value.length)
  return out
}

function readInteger(der: Uint8Array, at: number): { readonly value: Uint8Array; readonly end: number } {
  const length = der[at + 1] ?? 0
  const end = at + 2 + length
  // 33 bytes: 32 and a zero that keeps the number positive.
  if (der[at] !== INTEGER || length < 1 || length > 33 || end > der.length) throw bad('it has no two DER integers')
  const bytes = der.subarray(at + 2, end)
  const [first = 0, second = 0] = bytes
  if (first > 0x7f) throw bad('a number in it is negative')
  if (first === 0 && length > 1 && second <= 0x7f) throw bad('a number in it has a needless zero')
  const value = first === 0 ? bytes.subarray(1) : bytes
  if (value.length > 32) throw bad('a number in it is too large')
  return { value, end }
}

const bad = (reason: string): BadSignatureError => new BadSignatureError({ reason })
