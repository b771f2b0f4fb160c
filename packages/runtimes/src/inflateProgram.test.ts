import { deflateSync } from 'node:zlib'
import { InvalidInputError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { inflateProgram } from './inflateProgram.ts'

const packed = (bytes: Uint8Array): string => deflateSync(bytes).toString('hex')

describe('inflateProgram', () => {
  it.each([
    ['', ''],
    ['0x', ''],
    ['', 'upper'],
  ])('inflates hex digits with prefix %j, %s case', async (prefix, letters) => {
    const bytes = Uint8Array.from({ length: 5_000 }, (_, at) => at % 251)
    const digits = letters === 'upper' ? packed(bytes).toUpperCase() : packed(bytes)
    expect(Uint8Array.from(await inflateProgram(prefix + digits, { maxBytes: 5_000 }))).toEqual(bytes)
  })

  it('stops a zip bomb at the bound', async () => {
    const bomb = packed(new Uint8Array(64 * 1024 ** 2))
    expect(bomb.length).toBeLessThan(200_000)
    const before = process.memoryUsage().arrayBuffers
    await expect(inflateProgram(bomb, { maxBytes: 1024 ** 2 })).rejects.toThrow(
      'code inflates to more than 1048576 bytes',
    )
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 ** 2)
  })

  it('does not even decode what is larger than the bound before it is inflated', async () => {
    await expect(inflateProgram('00'.repeat(70_000), { maxBytes: 10 })).rejects.toThrow(
      'inflates to more than 10 bytes',
    )
  })

  it.each([
    ['nothing', ''],
    ['no hex', 'zz'],
    ['an odd number of digits', '789'],
    ['no zlib', 'deadbeef'],
    ['a stream that breaks off', packed(new Uint8Array(1000)).slice(0, 20)],
    ['an empty program', packed(new Uint8Array())],
  ])('refuses %s', async (_what, code) => {
    await expect(inflateProgram(code, { maxBytes: 100_000 })).rejects.toThrow(InvalidInputError)
  })
})
