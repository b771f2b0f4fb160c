import { ProgramError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { readOlderResult } from './readOlderResult.ts'

const read = (value: unknown, vmType: 'risc0' | 'halo2' = 'risc0') =>
  readOlderResult(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), vmType)
const word = (byte: number) => `0x${byte.toString(16).padStart(64, '0')}`

describe('readOlderResult', () => {
  it('takes a composite receipt out of its JSON', () => {
    const value = { Stark: { imageId: word(1), journal: '0x0102', receipt: Buffer.from('receipt').toString('base64') } }
    const result = read(value)
    expect(result.guest).toMatchObject({ kind: 'composite', ours: true })
    expect(Buffer.from(result.proof).toString()).toBe('receipt')
    expect([...(result.guest?.journal ?? [])]).toEqual([1, 2])
    expect(result.raw).toBe(JSON.stringify(value))
  })

  it('takes a Groth16 proof by its points, as numbers of any length', () => {
    const value = {
      Snark: {
        snark: {
          a: [word(1), [2]],
          b: [
            [word(3), word(4)],
            ['0x05', '06'],
          ],
          c: [{ bytes: [7] }, word(8)],
        },
        post_state_digest: word(9),
        journal: [1, 2],
      },
    }
    const { guest, proof } = read(value)
    expect(guest).toMatchObject({ kind: 'groth16', ours: false })
    expect(Buffer.from(proof).toString('hex')).toBe(
      `73c457ba${[1, 2, 3, 4, 5, 6, 7, 8].map((byte) => word(byte).slice(2)).join('')}`,
    )
  })

  it('takes a Groth16 proof with its selector', () => {
    const seal = `0x73c457ba${'11'.repeat(256)}`
    expect(read({ Snark: { seal, journal: '0x' } }).guest).toMatchObject({ kind: 'groth16', ours: true })
    expect(read({ Snark: { seal: `${seal}00`, journal: '0x' } }).guest).toBeNull()
  })

  it.each([
    ['a receipt of another shape', { Stark: { journal: [1], receipt: { inner: {} } } }],
    ['a receipt that is no base64', { Stark: { journal: [1], receipt: '€' } }],
    ['a point that is no field element', { Snark: { snark: { a: ['0x'.padEnd(70, '1'), '0x01'] }, journal: [] } }],
    ['JSON of its own', { result: 1 }],
  ])('keeps %s as it is, unchecked', (_what, value) => {
    const raw = JSON.stringify(value)
    expect(read(value)).toEqual({ proof: Buffer.from(raw), raw, guest: null })
  })

  it.each([
    ['of many wrong numbers', () => `{"Stark":{"journal":[${'"",'.repeat(2 ** 22)}0],"receipt":"AAAA"}}`],
    ['of many numbers', () => `{"Stark":{"journal":[${'0,'.repeat(2 ** 22)}0],"receipt":"AAAA"}}`],
    ['of many points', () => `{"Snark":{"journal":[],"snark":{"a":[${'{},'.repeat(2 ** 22)}0],"b":0,"c":0}}}`],
  ])('keeps a journal or proof %s as it is, within the time of a few parses', (_what, text) => {
    const raw = text()
    const started = performance.now()
    JSON.parse(raw)
    const parseMs = performance.now() - started
    // No message of an expectation shows four million numbers.
    expect(read(raw).guest === null).toBe(true)
    expect(performance.now() - started).toBeLessThan(10 * parseMs + 1_000)
  })

  it('looks for RISC Zero proofs in risc0 results alone', () => {
    expect(read({ Stark: { journal: '0x', receipt: 'AAAA' } }, 'halo2').guest).toBeNull()
  })

  it('refuses nothing at all', () => {
    expect(() => read('')).toThrow(ProgramError)
  })
})
