import { describe, expect, it } from 'vitest'
import { countFields } from './countFields.ts'
import { protocols } from './protocols.ts'

const { prove, describe: describing } = protocols.ours
const count = (value: object, shape = {}) => countFields(prove.responseSerialize(value), shape, 1_000)

/** A field of so many bytes. */
function field(number: number, body: Uint8Array): Uint8Array {
  const head = [number * 8 + 2]
  let { length } = body
  for (; length > 127; length >>>= 7) head.push((length & 127) | 128)
  return Buffer.concat([Uint8Array.from([...head, length]), body])
}

describe('countFields', () => {
  it('counts a message’s own fields, and those of the messages that it is told of', () => {
    const proof = { proof: Buffer.alloc(300), public_inputs: [Buffer.alloc(32), Buffer.alloc(0)], cpu_ms: '300' }
    expect(count({ progress: { phase: 'proving', done: 1, planned: 20 } })).toBe(1)
    expect(count({ progress: { phase: 'proving', done: 1, planned: 20 } }, { 1: {} })).toBe(4)
    expect(count({ proof }, { 2: {} })).toBe(5)
    expect(count({ proof: { execution: { segments: 2, journal: Buffer.alloc(3) } } }, { 2: { 7: {} } })).toBe(4)
    expect(countFields(new Uint8Array(), {}, 10)).toBe(0)
  })

  it('counts fields of any width, and no further than it has to', () => {
    expect(countFields(Uint8Array.of(0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4, 0x18, 0x80, 1), {}, 10)).toBe(3)
    expect(countFields(new Uint8Array(1_000_000).fill(8), {}, 10)).toBe(11)
  })

  it('takes for endless what readers may read in their own way', () => {
    for (const bytes of [
      [0x0b],
      [0xff, 0xff, 0xff, 0xff, 0xff, 1],
      [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 1],
      [0x80],
      [0x0a],
    ])
      expect(countFields(Uint8Array.from(bytes), {}, 10)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('an answer of millions of fields', () => {
  const empty = (number: number) => Buffer.alloc(8 * 2 ** 20).map((_, at) => (at % 2 === 0 ? number * 8 + 2 : 0))

  it.each([
    ['public inputs', prove, field(2, empty(3))],
    ['public inputs of its execution', prove, field(2, field(7, empty(6)))],
    ['proofs', prove, empty(2)],
    ['circuits', describing, empty(3)],
  ])('such as %s, is refused before it is read', (_what, method, bytes) => {
    const before = process.memoryUsage().rss
    expect(() => method.responseDeserialize(Buffer.from(bytes))).toThrow('fields')
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20)
  })
})
