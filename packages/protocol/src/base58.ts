const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** @returns the bytes in base58btc: Bitcoin's alphabet, one `1` for each leading zero byte */
export function encodeBase58(bytes: Uint8Array): string {
  let value = 0n
  for (const byte of bytes) value = value * 256n + BigInt(byte)
  let out = ''
  for (; value > 0n; value /= 58n) out = ALPHABET.charAt(Number(value % 58n)) + out
  for (const byte of bytes) {
    if (byte !== 0) break
    out = `1${out}`
  }
  return out
}

/** @returns the bytes of base58btc text, or null where it is none. For short texts: the time grows with the square of the length */
export function decodeBase58(text: string): Uint8Array | null {
  let value = 0n
  for (const char of text) {
    const digit = ALPHABET.indexOf(char)
    if (digit < 0) return null
    value = value * 58n + BigInt(digit)
  }
  const tail: number[] = []
  for (; value > 0n; value /= 256n) tail.push(Number(value % 256n))
  const zeros = /^1*/.exec(text)?.[0].length ?? 0
  return Uint8Array.from([...new Array<number>(zeros).fill(0), ...tail.reverse()])
}
