import type { InputField } from './Project.ts'

/** A packed element stays below the modulus, which is a little over 2^253. */
const ELEMENT_BITS = 253

/**
 * Packs a task's readings into field elements: the count in bitlength(capacity) bits, then `capacity` x fields, reading by reading, absent ones 0,
 * each field in bitlength(max - min) bits; little end first, a limb never split.
 *
 * @param readings for each reading its `u`s, in the order of the fields; at most `capacity`
 */
export function packElements(
  capacity: number,
  fields: readonly InputField[],
  readings: readonly (readonly bigint[])[],
): bigint[] {
  const elements: bigint[] = []
  let [element, used] = [0n, 0]
  const add = (limb: bigint, bits: number): void => {
    if (used + bits > ELEMENT_BITS) {
      elements.push(element)
      element = 0n
      used = 0
    }
    element |= limb << BigInt(used)
    used += bits
  }
  const widths = fields.map(({ min, max }) => bitLength(max - min))
  add(BigInt(readings.length), bitLength(BigInt(capacity)))
  for (let i = 0; i < capacity; i++) for (const [j, bits] of widths.entries()) add(readings[i]?.[j] ?? 0n, bits)
  elements.push(element)
  return elements
}

const bitLength = (value: bigint): number => value.toString(2).length
