import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { blobStoreSuite } from '@w3bstream/core/ports/suites'
import { CorruptBlobError, StoreUnavailableError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { FileBlobStore } from './FileBlobStore.ts'
import { testDir } from './testStore.ts'

describe('FileBlobStore', () => {
  blobStoreSuite(() => FileBlobStore.open(testDir()))

  it('refuses bytes that were changed behind its back, until they are put again', async () => {
    const dir = testDir()
    const blobs = await FileBlobStore.open(dir)
    const bytes = new TextEncoder().encode('reading')
    const hash = await blobs.put(bytes)
    const name = hash.slice(2)
    writeFileSync(join(dir, name.slice(0, 2), name), 'readinG')
    await expect(blobs.get(hash)).rejects.toThrow(CorruptBlobError)
    await blobs.put(bytes)
    expect(await blobs.get(hash)).toEqual(bytes)
  })

  it('gives back the same bytes after a restart, and sweeps what was half written', async () => {
    const dir = testDir()
    const hash = await (await FileBlobStore.open(dir)).put(new Uint8Array([1, 2, 3]))
    writeFileSync(join(dir, 'tmp', 'half'), 'written')
    const again = await FileBlobStore.open(dir)
    expect(await again.get(hash)).toEqual(new Uint8Array([1, 2, 3]))
    expect(readdirSync(join(dir, 'tmp'))).toEqual([])
  })

  it('leaves nothing behind when it cannot write', async () => {
    const dir = testDir()
    const blobs = await FileBlobStore.open(dir)
    // A directory of a blob's name cannot be replaced by a file.
    const name = '039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81'
    mkdirSync(join(dir, '03', name, 'full'), { recursive: true })
    await expect(blobs.put(new Uint8Array([1, 2, 3]))).rejects.toThrow(StoreUnavailableError)
    expect(readdirSync(join(dir, 'tmp'))).toEqual([])
  })
})
