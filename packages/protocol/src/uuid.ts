import type { MessageId } from './ids.ts'

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

/** @returns the first 16 bytes as an RFC 9562 UUID, with version and variant put in */
export function formatUuid(bytes: Uint8Array, version: 7 | 8): MessageId {
  let out = ''
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) out += '-'
    const byte = bytes[i] ?? 0
    out += HEX[i === 6 ? (byte & 0x0f) | (version << 4) : i === 8 ? (byte & 0x3f) | 0x80 : byte]
  }
  return out as MessageId
}
