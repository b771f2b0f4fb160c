import { fromHex, type Hash, type Hex, hash } from '@w3bstream/protocol'

/** What a proof says about its readings: temperatures in degrees Celsius, times in Unix seconds. */
export interface Statistics {
  /** Root of the set of keys that signed. */
  readonly keysRoot: Hash
  /** Of `scopeOf`: which registry and project the readings were signed for. */
  readonly scope: bigint
  readonly count: number
  readonly mean: number
  readonly min: number
  readonly max: number
  /** The readings' own times increase from the first to the last. */
  readonly firstTime: number
  readonly lastTime: number
}

const WORDS = 8
const OFFSET = 400
const SCALE = 10

/**
 * Reads the outputs of the circuit or the guest, which are the same: keysRoot, scope, count, then sum, minimum and maximum of `u = 10 x temperature + 400`, and
 * the times of the first and the last reading.
 *
 * @param outputs eight words
 * @throws {RangeError} if they are anything else
 */
export function statistics(outputs: Hex): Statistics {
  if (fromHex(outputs).length !== WORDS * 32) throw new RangeError('a proof over signed readings has eight outputs')
  const word = (at: number): Hex => `0x${outputs.slice(2 + 64 * at, 2 + 64 * (at + 1))}`
  const number = (at: number): number => {
    const value = BigInt(word(at))
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('an output is larger than a proof gives')
    return Number(value)
  }
  const count = number(2)
  if (count === 0) throw new RangeError('a proof is about at least one reading')
  const degrees = (u: number) => (u - OFFSET) / SCALE
  return {
    keysRoot: hash(word(0)),
    scope: BigInt(word(1)),
    count,
    mean: degrees(number(3) / count),
    min: degrees(number(4)),
    max: degrees(number(5)),
    firstTime: number(6),
    lastTime: number(7),
  }
}
