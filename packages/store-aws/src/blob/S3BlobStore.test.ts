import { createHash, randomBytes } from 'node:crypto'
import { blobStoreSuite } from '@w3bstream/core/ports/suites'
import { CorruptBlobError, hash, InvalidInputError, StoreUnavailableError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { fetchAws } from '../calls/fetchAws.ts'
import { testAws } from '../testing/index.ts'
import { S3BlobStore } from './S3BlobStore.ts'

describe('S3BlobStore', () => {
  const aws = testAws()
  const make = async (client: 'sdk' | 'fetch' = 'fetch') => {
    aws.fauxqs.proxy.clear()
    const { bucket } = await aws.make()
    return { bucket, blobs: new S3BlobStore({ aws: aws[client] }, { bucket }), proxy: aws.fauxqs.proxy }
  }
  const some = () => new Uint8Array(randomBytes(1_000))

  describe('through the SDK', () => blobStoreSuite(async () => (await make('sdk')).blobs))
  describe('through fetch', () => blobStoreSuite(async () => (await make('fetch')).blobs))

  it('refuses bytes that were changed behind its back, and gives the right ones again once they are back', async () => {
    const { blobs, bucket } = await make()
    const bytes = some()
    const name = await blobs.put(bytes)
    const key = `blobs/${name.slice(2)}`
    const other = some()
    const sha256 = createHash('sha256').update(other).digest('base64')
    await aws.direct.s3.put({ bucket, key, body: other, sha256 })
    await expect(blobs.get(name)).rejects.toThrow(CorruptBlobError)
    await blobs.delete(name)
    await blobs.put(bytes)
    expect(await blobs.get(name)).toEqual(bytes)
  })

  it('keeps prefixes apart', async () => {
    const { blobs, bucket } = await make()
    const exports = new S3BlobStore({ aws: aws.sdk }, { bucket, prefix: 'exports/' })
    const bytes = some()
    const name = await exports.put(bytes)
    expect(await blobs.get(name)).toBeNull()
    expect(await aws.direct.s3.get({ bucket, key: `exports/${name.slice(2)}` })).toEqual(bytes)
  })

  it('waits through requests to slow down, conflicts of writers and broken connections', async () => {
    const { blobs, proxy } = await make()
    const bytes = some()
    for (const fault of [
      { type: 'throttle' },
      { type: 'error', status: 409, code: 'ConditionalRequestConflict' },
      { type: 'drop', when: 'before' },
    ] as const)
      proxy.inject({ operation: 'PutObject', fault, times: 1 })
    const name = await blobs.put(bytes)
    expect(proxy.count('PutObject')).toBe(4)
    proxy.inject({ operation: 'GetObject', fault: { type: 'error', status: 500, code: 'InternalError' }, times: 2 })
    expect(await blobs.get(name)).toEqual(bytes)
  })

  it('takes a write for done whose answer was lost', async () => {
    const { blobs, proxy } = await make()
    proxy.inject({ operation: 'PutObject', fault: { type: 'drop', when: 'after' }, times: 1 })
    const bytes = some()
    expect(await blobs.get(await blobs.put(bytes))).toEqual(bytes)
    expect(proxy.count('PutObject')).toBe(2)
  })

  it('waits no longer than it may', async () => {
    const { bucket, proxy } = await make()
    const quick = fetchAws({ ...aws.options, objectTimeoutMs: 200, attempts: 2 })
    const blobs = new S3BlobStore({ aws: quick }, { bucket })
    const hung = proxy.inject({ fault: { type: 'hang' } })
    await expect(blobs.put(some())).rejects.toThrow(StoreUnavailableError)
    await expect(blobs.get(hash(`0x${'ab'.repeat(32)}`))).rejects.toThrow(StoreUnavailableError)
    expect(hung.hits()).toBe(4)
  })

  it('says that the store is unavailable when S3 is, or the bucket is not there', async () => {
    const { blobs, proxy } = await make()
    proxy.inject({ fault: { type: 'throttle' } })
    const name = hash(`0x${'ab'.repeat(32)}`)
    for (const call of [() => blobs.put(some()), () => blobs.get(name), () => blobs.delete(name)])
      await expect(call()).rejects.toThrow(StoreUnavailableError)
    proxy.clear()
    const lost = new S3BlobStore({ aws: aws.fetch }, { bucket: 'no-such-bucket' })
    await expect(lost.put(some())).rejects.toThrow(StoreUnavailableError)
  })

  it('takes a large blob, and none beyond its bound', async () => {
    const { blobs } = await make()
    const bytes = new Uint8Array(30 * 1024 * 1024).fill(7)
    const name = await blobs.put(bytes)
    expect(Buffer.compare((await blobs.get(name)) ?? new Uint8Array(), bytes)).toBe(0)
    await expect(blobs.put(new Uint8Array(100 * 1024 * 1024 + 1))).rejects.toThrow(InvalidInputError)
  })
})
