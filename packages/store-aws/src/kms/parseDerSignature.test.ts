import { BadSignatureError, concatBytes, fromHex, toHex } from '@w3bstream/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDerSignature } from './parseDerSignature.ts'

/** DER of a positive number. */
function integer(value: bigint): Uint8Array {
  const digits = value.toString(16)
  const bytes = fromHex(`0x${digits.length % 2 === 1 ? '0' : ''}${digits}`)
  const positive = (bytes[0] ?? 0) > 0x7f ? concatBytes(new Uint8Array(1), bytes) : bytes
  return concatBytes(new Uint8Array([2, positive.length]), positive)
}
function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(...parts)
  return concatBytes(new Uint8Array([0x30, body.length]), body)
}

describe('parseDerSignature', () => {
  const number = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })

  it('reads every pair of numbers', () => {
    fc.assert(
      fc.property(number, number, (r, s) => {
        const word = (value: bigint) => value.toString(16).padStart(64, '0')
        expect(toHex(parseDerSignature(sequence(integer(r), integer(s))))).toBe(`0x${word(r)}${word(s)}`)
      }),
    )
  })

  it('takes nothing that is not DER', () => {
    const one = new Uint8Array([2, 1, 1])
    const wrong: Record<string, Uint8Array> = {
      nothing: new Uint8Array(),
      'one number': sequence(one),
      'three numbers': sequence(one, one, one),
      'bytes behind': concatBytes(sequence(one, one), one),
      'a long form of its length': new Uint8Array([0x30, 0x81, 6, 2, 1, 1, 2, 1, 1]),
      'a negative number': sequence(new Uint8Array([2, 1, 0x80]), one),
      'a needless zero': sequence(new Uint8Array([2, 2, 0, 1]), one),
      'an empty number': sequence(new Uint8Array([2, 0]), one),
      'a number of 33 bytes': sequence(new Uint8Array([2, 33, 1, ...new Uint8Array(32)]), one),
      'a number cut short': sequence(one, new Uint8Array([2, 5, 1])),
      'another type': sequence(new Uint8Array([4, 1, 1]), one),
    }
    for (const [name, der] of Object.entries(wrong))
      expect(() => parseDerSignature(der), name).toThrow(BadSignatureError)
  })

  it('never fails in another way, whatever it is given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          expect(parseDerSignature(bytes)).toHaveLength(64)
        } catch (error) {
          expect(error).toBeInstanceOf(BadSignatureError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
