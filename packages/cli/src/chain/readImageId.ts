import { type Hash, hash, toHex } from '@w3bstream/protocol'
import { UsageError } from '../errors/UsageError.ts'

/**
 * Reads a guest's image id: 64 hex digits, or the eight 32-bit words that `methods.rs` has, in decimal or hex. A word's bytes come little end first.
 * @throws {UsageError}
 */
export function readImageId(text: string): Hash {
  const trimmed = text.trim()
  if (/^(?:0x)?[0-9a-fA-F]{64}$/.test(trimmed)) return hash(`0x${trimmed.replace(/^0x/, '').toLowerCase()}`)
  const words = trimmed
    .replace(/^\[|\]$/g, '')
    .split(/[\s,]+/)
    .filter((word) => word !== '')
  if (words.length !== 8 || !words.every(isWord))
    throw new UsageError('--image-id has to be 64 hex digits, or the eight words of methods.rs.')
  const bytes = new DataView(new ArrayBuffer(32))
  words.forEach((word, i) => {
    bytes.setUint32(4 * i, Number(word), true)
  })
  return hash(toHex(new Uint8Array(bytes.buffer)))
}

function isWord(text: string): boolean {
  return /^(?:[0-9]{1,10}|0x[0-9a-fA-F]{1,8})$/.test(text) && Number(text) < 2 ** 32
}
