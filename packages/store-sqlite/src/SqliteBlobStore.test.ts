import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { blobStoreSuite } from '@w3bstream/core/ports/suites'
import { CorruptBlobError, fromHex } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { testStore } from './testStore.ts'

describe('SqliteBlobStore', () => {
  blobStoreSuite(async () => (await testStore()).blobs)

  it('keeps small blobs in the database and large ones in files', async () => {
    const { blobs, dir } = await testStore()
    const [small, large] = [new Uint8Array(65_536).fill(1), new Uint8Array(65_537).fill(2)]
    const hashes = [await blobs.put(small), await blobs.put(large)]
    const files = readdirSync(join(dir, 'blobs'), { recursive: true }).map(String)
    expect(hashes.map((hash) => files.some((file) => file.endsWith(hash.slice(2))))).toEqual([false, true])
  })

  it('refuses a row that was changed behind its back, until the bytes are put again', async () => {
    const { blobs, dir } = await testStore()
    const bytes = new TextEncoder().encode('reading')
    const hash = await blobs.put(bytes)
    const other = new DatabaseSync(join(dir, 'w3bstream.db'), { timeout: 5_000 })
    other.prepare('UPDATE blobs SET bytes = ? WHERE hash = ?').run(new Uint8Array([1]), fromHex(hash))
    other.close()
    await expect(blobs.get(hash)).rejects.toThrow(CorruptBlobError)
    await blobs.put(bytes)
    expect(await blobs.get(hash)).toEqual(bytes)
  })
})
