import type { MessageId } from './ids.ts'
import { platformRandom, type Random } from './random.ts'
import { formatUuid } from './uuid.ts'

const POOL = 4096
const RANDOM_BYTES = 8

/** The ids of one source of randomness, in order. */
class Generator {
  readonly #random: Random
  readonly #bytes = new Uint8Array(16)
  #pool = new Uint8Array(0)
  #at = 0
  #ms = -1
  #count = 0

  constructor(random: Random) {
    this.#random = random
  }

  next(now: number): MessageId {
    if (this.#at + RANDOM_BYTES > this.#pool.length) {
      this.#pool = Uint8Array.from(this.#random(POOL))
      this.#at = 0
    }
    const bytes = this.#bytes
    bytes.set(this.#pool.subarray(this.#at, this.#at + RANDOM_BYTES), 8)
    // What is used up must not lie in memory for a later reader.
    this.#pool.fill(0, this.#at, this.#at + RANDOM_BYTES)
    this.#at += RANDOM_BYTES
    if (now > this.#ms) {
      this.#ms = now
      this.#count = 0
    } else if (++this.#count === 4096) {
      this.#ms++
      this.#count = 0
    }
    let rest = this.#ms
    for (let i = 5; i >= 0; i--) {
      bytes[i] = rest % 256
      rest = Math.floor(rest / 256)
    }
    bytes[6] = this.#count >> 8
    bytes[7] = this.#count
    return formatUuid(bytes, 7)
  }
}

const generators = new WeakMap<Random, Generator>()

/**
 * A version 7 UUID (RFC 9562): 48 bits of time, a counter within the millisecond in the 12 bits of rand_a (method 1), 62 random bits.
 *
 * Each is greater than the last one from the same source, also when the clock stands still or goes back, or when more than 4,096 fall into a millisecond.
 * @param now milliseconds since the epoch
 * @throws {RangeError} when `now` is not an integer below 2^48
 */
export function uuidv7(now: number, random: Random = platformRandom): MessageId {
  if (!Number.isInteger(now) || now < 0 || now >= 2 ** 48) throw new RangeError(`${now} is not a time`)
  let generator = generators.get(random)
  if (generator === undefined) {
    generator = new Generator(random)
    generators.set(random, generator)
  }
  return generator.next(now)
}
