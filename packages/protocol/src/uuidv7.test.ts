import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { address, type Did, messageId, projectId } from './ids.ts'
import { messageIdFromKey, numberedKey } from './messageIdFromKey.ts'
import { messageIdFromNonce } from './messageIdFromNonce.ts'
import { messageIdInRun, messageRun } from './messageRun.ts'
import { taskNumber } from './taskNumber.ts'
import { uuidv7 } from './uuidv7.ts'
import { uuidv7Run } from './uuidv7Run.ts'

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

  it('puts the number that ends a key into the low 10 bits, so that a batch has one run of ids', () => {
    const ids = Array.from({ length: 1_000 }, (_, i) => messageIdFromKey({ ...base, key: `batch:1:${i}` }))
    const [first] = ids
    if (first === undefined) throw new Error('no ids')
    expect(ids.map((id) => messageRun(id))).toEqual(ids.map((_, index) => ({ run: first, index })))
    for (const [index, id] of ids.entries()) expect(messageIdInRun(messageId(id), index)).toBe(id)
    const others = ['batch:1', 'batch:1:', 'batch:1:00', 'batch:1:1000', 'batch:1:-1', 'batch:1:1.', 'batch:2:0'].map(
      (key) => messageIdFromKey({ ...base, key }),
    )
    expect(new Set([first, ...others].map((id) => messageRun(id).run)).size).toBe(others.length + 1)
  })

  it('takes a key apart at its last colon', () => {
    expect(numberedKey('a:1:22')).toEqual({ base: 'a:1', index: 22 })
    expect(numberedKey(':0')).toEqual({ base: '', index: 0 })
    expect(numberedKey('a\n:999')).toEqual({ base: 'a\n', index: 999 })
    for (const key of ['', ':', '1', 'a:', 'a:01', 'a:1000', 'a:1 ']) expect(numberedKey(key)).toBeNull()
  })
})

describe('messageIdFromNonce', () => {
  const registry = { chainId: 31337n, verifyingContract: address(`0x${'c0'.repeat(20)}`) }
  const device = `did:io:0x${'11'.repeat(20)}` as Did
  const base = { secret: new Uint8Array(32).fill(7), domain: registry, projectId: projectId(1n), device, nonce: 5n }

  it('is a version 8 UUID, the same for the same nonce', () => {
    expect(messageIdFromNonce(base)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(messageIdFromNonce({ ...base })).toBe(messageIdFromNonce(base))
  })

  it('differs with secret, registry, project, device and nonce', () => {
    const ids = [
      base,
      { ...base, secret: new Uint8Array(32).fill(8) },
      { ...base, domain: { ...registry, chainId: 1n } },
      { ...base, domain: { ...registry, verifyingContract: address(`0x${'c1'.repeat(20)}`) } },
      { ...base, projectId: projectId(2n) },
      { ...base, device: `did:io:0x${'12'.repeat(20)}` as Did },
      { ...base, nonce: 2n ** 64n - 1n },
    ].map(messageIdFromNonce)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('uuidv7Run', () => {
  it('counts in the low 10 bits of one id, up to a thousand', () => {
    const ids = [...uuidv7Run(1_700_000_000_000)]
    expect(ids).toHaveLength(1_000)
    expect(ids.map((id) => messageRun(id).index)).toEqual(ids.map((_, i) => i))
    expect(new Set(ids.map((id) => messageRun(id).run)).size).toBe(1)
    expect([...ids].sort()).toEqual(ids)
    expect(new Set([0, 1, 2].map(() => uuidv7Run(1_700_000_000_000).next().value)).size).toBe(3)
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
