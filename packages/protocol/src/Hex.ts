/** Bytes as lower-case hex with a leading `0x`. */
export type Hex = `0x${string}`

/** An EVM address: `0x` and 40 lower-case hex digits. Checksums are for display only. */
export type Address = Hex

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

/** @returns the bytes as lower-case hex with `0x`. */
export function toHex(bytes: Uint8Array): Hex {
  let out = '0x'
  for (const byte of bytes) out += HEX[byte]
  return out as Hex
}

/**
 * @param hex an even number of hex digits of either case, with `0x`
 * @throws {TypeError} if it is anything else
 */
export function fromHex(hex: string): Uint8Array {
  if (!hex.startsWith('0x') || hex.length % 2 !== 0) throw new TypeError('not hex bytes with a leading 0x')
  const out = new Uint8Array(hex.length / 2 - 1)
  for (let i = 0; i < out.length; i++) {
    const byte = (digit(hex.charCodeAt(2 + 2 * i)) << 4) | digit(hex.charCodeAt(3 + 2 * i))
    if (byte < 0) throw new TypeError('not hex bytes with a leading 0x')
    out[i] = byte
  }
  return out
}

/** The value of a hex digit's character code, negative where it is none. */
function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

/** @returns `value` as a big-endian word of `size` bytes. @throws {RangeError} if it does not fit */
export function toWord(value: bigint, size = 32): Uint8Array {
  if (value < 0n || value >= 1n << BigInt(8 * size)) throw new RangeError(`${value} does not fit ${size} bytes`)
  return fromHex(`0x${value.toString(16).padStart(2 * size, '0')}`)
}

/** Reads big-endian bytes as an unsigned integer. */
export function fromWord(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(toHex(bytes))
}

/** Joins byte strings. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
