import { keccak_256 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileKeccak } from './compileKeccak.ts'
import { toHex } from './Hex.ts'
import { keccak } from './keccak.ts'

describe('compileKeccak', () => {
  it('makes the digests that JavaScript makes', async () => {
    const compiled = await compileKeccak()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(compiled(bytes)).toEqual(keccak_256(bytes))
      }),
    )
  })

  it('makes them at the edges of a block and past the memory that it starts with', async () => {
    const compiled = await compileKeccak()
    for (const length of [0, 1, 135, 136, 137, 271, 272, 273, 100_000]) {
      const bytes = new Uint8Array(length).fill(7)
      expect(compiled(bytes)).toEqual(keccak_256(bytes))
    }
  })

  it('gives each digest its own memory', async () => {
    const compiled = await compileKeccak()
    const first = compiled(Uint8Array.of(1))
    compiled(Uint8Array.of(2))
    expect(first).toEqual(keccak_256(Uint8Array.of(1)))
  })
})

describe('keccak', () => {
  it('makes the digests of the test vectors', async () => {
    const empty = '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'
    expect(toHex(keccak(new Uint8Array()))).toBe(empty)
    await compileKeccak()
    expect(toHex(keccak(new Uint8Array()))).toBe(empty)
  })
})
