import { fromHex, type Hex } from '@w3bstream/protocol'

/** What a proof says about its readings, in degrees Celsius. */
export interface Statistics {
  readonly count: number
  readonly mean: number
  readonly min: number
  readonly max: number
}

const OFFSET = 400
const SCALE = 10

/**
 * Reads the circuit's outputs: count, sum, minimum and maximum of `u = 10 x temperature + 400`.
 *
 * @param outputs four words
 * @throws {RangeError} if they are anything else
 */
export function statistics(outputs: Hex): Statistics {
  const bytes = fromHex(outputs)
  if (bytes.length !== 4 * 32) throw new RangeError('the weather circuit has four outputs')
  const [count = 0, sum = 0, min = 0, max = 0] = [0, 32, 64, 96].map((at) => {
    const value = BigInt(`0x${outputs.slice(2 + 2 * at, 2 + 2 * (at + 32))}`)
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('an output is larger than the circuit gives')
    return Number(value)
  })
  if (count === 0) throw new RangeError('a proof is about at least one reading')
  const degrees = (u: number) => (u - OFFSET) / SCALE
  return { count, mean: degrees(sum / count), min: degrees(min), max: degrees(max) }
}
