import { describe, expect, it } from 'vitest'
import { UsageError } from '../errors/UsageError.ts'
import { readImageId } from './readImageId.ts'

/** Of a receipt that RISC Zero published. */
const ID = '0x11d264ed8dfdee222b820f0278e4d7f55d4b69a5472253a471c102265a91ea1a'

describe('readImageId', () => {
  it('reads the eight words of methods.rs, each little end first', () => {
    const words = [0xed64d211, 0x22eefd8d, 0x020f822b, 0xf5d7e478, 0xa5694b5d, 0xa4532247, 0x2602c171, 0x1aea915a]
    expect(readImageId(`[${words.join(', ')}]`)).toBe(ID)
    expect(readImageId(words.map((word) => `0x${word.toString(16)}`).join(' '))).toBe(ID)
  })

  it('reads hex with and without 0x, in either case', () => {
    for (const text of [ID, ID.slice(2), ` ${ID.toUpperCase().replace('0X', '0x')} `])
      expect(readImageId(text)).toBe(ID)
  })

  it.each(['', ID.slice(0, -2), `${ID}00`, '1,2,3', '1,2,3,4,5,6,7,4294967296', '1,2,3,4,5,6,7,-1'])(
    'refuses %j',
    (text) => {
      expect(() => readImageId(text)).toThrow(UsageError)
    },
  )
})
