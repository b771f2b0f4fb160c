import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, fromWord, toHex, toWord } from './Hex.ts'

const bytes = fc.uint8Array({ maxLength: 80 })

describe('hex', () => {
  it('reads back what it wrote, as Buffer has it', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const hex = `0x${Buffer.from(value).toString('hex')}`
        expect(toHex(value)).toBe(hex)
        expect(fromHex(hex)).toEqual(value)
        expect(fromHex(`0x${hex.slice(2).toUpperCase()}`)).toEqual(value)
      }),
    )
  })

  it.each(['', '0', '0x0', '00', '0X00', '0x0g', '0xg0', '0x 0', '0x0٠', '0x@0', '0x`0', '0x/0', '0x:0', '0x00 '])(
    'refuses %j',
    (text) => {
      expect(() => fromHex(text)).toThrow(TypeError)
    },
  )

  it('takes any character for what it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 2, maxLength: 2 }), (text) => {
        if (/^[0-9a-fA-F]{2}$/.test(text)) expect(fromHex(`0x${text}`)).toHaveLength(1)
        else expect(() => fromHex(`0x${text}`)).toThrow(TypeError)
      }),
    )
  })
})

describe('words', () => {
  it('are big-endian and of their size', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (value) => {
        expect(toWord(value)).toHaveLength(32)
        expect(fromWord(toWord(value))).toBe(value)
      }),
    )
    expect(toHex(toWord(258n, 4))).toBe('0x00000102')
    expect(fromWord(new Uint8Array())).toBe(0n)
  })

  it('refuse what does not fit', () => {
    expect(() => toWord(256n, 1)).toThrow(RangeError)
    expect(() => toWord(-1n)).toThrow(RangeError)
  })

  it('join', () => {
    fc.assert(
      fc.property(fc.array(bytes), (parts) => {
        expect(concatBytes(...parts)).toEqual(new Uint8Array(Buffer.concat(parts)))
      }),
    )
  })
})
