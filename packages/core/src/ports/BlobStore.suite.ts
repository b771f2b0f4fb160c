import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { BlobStore } from './BlobStore.ts'
import { randomHash, sha256 } from './fixtures.suite.ts'

/** What every BlobStore does. @param make a store, empty or not */
export const blobStoreSuite = (make: () => Promise<BlobStore>): void => {
  it('gives back what was put, under its sha-256', async () => {
    const blobs = await make()
    const hash = await blobs.put(Buffer.from('reading'))
    expect(hash).toBe(sha256('reading'))
    expect(await blobs.get(hash)).toEqual(new Uint8Array(Buffer.from('reading')))
  })

  it('gives back any bytes, none and many', async () => {
    const blobs = await make()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(Buffer.from((await blobs.get(await blobs.put(bytes))) ?? [])).toEqual(Buffer.from(bytes))
      }),
      { numRuns: 30 },
    )
    const many = new Uint8Array(randomBytes(3_000_000))
    expect(Buffer.compare((await blobs.get(await blobs.put(many))) ?? new Uint8Array(), many)).toBe(0)
  })

  it('has nothing under a hash that was never put', async () => {
    expect(await (await make()).get(randomHash())).toBeNull()
  })

  it('takes the same bytes many times at once', async () => {
    const blobs = await make()
    const bytes = randomBytes(20_000)
    const hashes = await Promise.all(Array.from({ length: 20 }, () => blobs.put(bytes)))
    expect(new Set(hashes).size).toBe(1)
    expect(await blobs.get(hashes[0] ?? randomHash())).toEqual(new Uint8Array(bytes))
  })

  it('forgets what was deleted, and takes it again', async () => {
    const blobs = await make()
    const bytes = randomBytes(100)
    const hash = await blobs.put(bytes)
    await blobs.delete(hash)
    expect(await blobs.get(hash)).toBeNull()
    await blobs.delete(hash)
    expect(await blobs.put(bytes)).toBe(hash)
    expect(await blobs.get(hash)).toEqual(new Uint8Array(bytes))
  })
}
