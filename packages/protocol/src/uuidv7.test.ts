import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { address, messageId, projectId } from './ids.ts'
import { messageIdFromKey } from './messageIdFromKey.ts'
import { taskNumber } from './taskNumber.ts'
import { uuidv7 } from './uuidv7.ts'

const zeros = (size: number) => new Uint8Array(size)

describe('uuidv7', () => {
  it('has time, version, counter and variant where RFC 9562 has them', () => {
    const ones = (size: number) => new Uint8Array(size).fill(0xff)
    // The time of the example in RFC 9562, appendix A.6.
    expect(uuidv7(0x017f22e279b0, ones)).toBe('017f22e2-79b0-7000-bfff-ffffffffffff')
    expect(uuidv7(0x017f22e279b0, ones)).toBe('017f22e2-79b0-7001-bfff-ffffffffffff')
    expect(uuidv7(0x017f22e279b0, zeros)).toBe('017f22e2-79b0-7000-8000-000000000000')
  })

  it('grows, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 2, maxLength: 60 }), (clock) => {
        const source = (size: number) => crypto.getRandomValues(new Uint8Array(size))
        const ids = clock.map((now) => uuidv7(1_700_000_000_000 + now, source))
        expect([...ids].sort()).toEqual(ids)
        expect(new Set(ids).size).toBe(ids.length)
      }),
    )
  })

  it('runs into the next millisecond after 4,096 of one', () => {
    const source = (size: number) => new Uint8Array(size)
    const ids = Array.from({ length: 4097 }, () => uuidv7(1, source))
    expect(ids[4095]).toBe('00000000-0001-7fff-8000-000000000000')
    expect(ids[4096]).toBe('00000000-0002-7000-8000-000000000000')
  })

  it('draws fresh bits for each id', () => {
    const tails = Array.from({ length: 2_000 }, () => uuidv7(1_700_000_000_000).slice(19))
    expect(new Set(tails).size).toBe(2_000)
  })

  it('refuses what is no time', () => {
    for (const now of [-1, 0.5, Number.NaN, 2 ** 48]) expect(() => uuidv7(now)).toThrow(RangeError)
  })
})

describe('messageIdFromKey', () => {
  const registry = { chainId: 31337n, verifyingContract: address(`0x${'c0'.repeat(20)}`) }
  const base = { domain: registry, projectId: projectId(1n), principal: 'did:io:1', key: 'k' }

  it('is a version 8 UUID, the same for the same key', () => {
    const id = messageIdFromKey(base)
    expect(messageId(id)).toBe(id)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(messageIdFromKey({ ...base })).toBe(id)
  })

  it('differs with registry, project, principal, key, and where one ends and the next begins', () => {
    const ids = [
      base,
      { ...base, domain: { ...registry, chainId: 1n } },
      { ...base, domain: { ...registry, verifyingContract: address(`0x${'c1'.repeat(20)}`) } },
      { ...base, projectId: projectId(2n) },
      { ...base, principal: 'did:io:2' },
      { ...base, key: 'l' },
      { ...base, principal: 'did:io:1k', key: '' },
    ].map(messageIdFromKey)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('taskNumber', () => {
  it('puts 21 bits of the sequencer above 32 of the sequence', () => {
    const sequencer = address(`0xffffffff${'00'.repeat(16)}`)
    expect(taskNumber(sequencer, 1)).toBe((0x1fffffn << 32n) | 1n)
    expect(taskNumber(sequencer, 2 ** 32 - 1)).toBe(2n ** 53n - 1n)
    expect(taskNumber(address(`0x00000fff${'ff'.repeat(16)}`), 7)).toBe((1n << 32n) | 7n)
    expect(taskNumber(address(`0x000007ff${'ff'.repeat(16)}`), 7)).toBe(7n)
  })

  it('refuses a sequence that does not fit', () => {
    for (const sequence of [-1, 0.5, 2 ** 32])
      expect(() => taskNumber(address(`0x${'00'.repeat(20)}`), sequence)).toThrow(RangeError)
  })
})
