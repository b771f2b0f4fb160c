/** A message's fields that hold messages, by their numbers, and what those hold. */
export interface MessageShape {
  readonly [field: number]: MessageShape
}

const VARINT = 0
const EIGHT_BYTES = 1
const COUNTED = 2
const FOUR_BYTES = 5

/**
 * Counts the fields of a protobuf message and of the messages in it without reading them: two bytes of a field become hundreds in memory.
 * @returns infinity for what proto3 does not write; counts no further than beyond `most`
 */
export function countFields(bytes: Uint8Array, shape: MessageShape, most: number): number {
  let count = 0
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? Number.NaN
      value += (byte % 128) * scale
      if (!(byte >= 128)) return value
    }
  }
  while (at < bytes.length && count <= most) {
    count += 1
    const tag = varint()
    // Readers cut what is longer, each in its way.
    if (!(tag < 2 ** 32)) return Number.POSITIVE_INFINITY
    switch (tag % 8) {
      case VARINT:
        varint()
        break
      case EIGHT_BYTES:
        at += 8
        break
      case FOUR_BYTES:
        at += 4
        break
      case COUNTED: {
        const length = varint()
        if (!(length < 2 ** 32)) return Number.POSITIVE_INFINITY
        const inner = shape[Math.floor(tag / 8)]
        if (inner !== undefined) count += countFields(bytes.subarray(at, at + length), inner, most - count)
        at += length
        break
      }
      default:
        return Number.POSITIVE_INFINITY
    }
  }
  return count
}
