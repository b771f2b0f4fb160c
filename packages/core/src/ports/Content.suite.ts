import { randomBytes } from 'node:crypto'
import { ContentUnavailableError } from '@w3bstream/protocol'
import { expect, it } from 'vitest'
import type { Content } from './Content.ts'

const LIMIT = { maxBytes: 4 * 1024 * 1024, timeoutMs: 10_000 }

/** What every Content does. @param make a Content over an empty store */
export const contentSuite = (make: () => Promise<Content>): void => {
  it.each([0, 1, 262_144, 262_145, 1_000_003])('gives back %i published bytes', async (size) => {
    const content = await make()
    const bytes = new Uint8Array(randomBytes(size))
    expect(Buffer.compare(bytes, await content.fetch(await content.publish(bytes), LIMIT))).toBe(0)
  })

  it('publishes equal bytes under one uri, and others under another', async () => {
    const content = await make()
    const bytes = new Uint8Array(randomBytes(1000))
    const uri = await content.publish(bytes)
    expect(await content.publish(bytes.slice())).toBe(uri)
    bytes[0] = (bytes[0] ?? 0) ^ 1
    expect(await content.publish(bytes)).not.toBe(uri)
  })

  it('gives bytes of exactly the limit and refuses one more', async () => {
    const content = await make()
    const uri = await content.publish(new Uint8Array(randomBytes(300_000)))
    expect(await content.fetch(uri, { ...LIMIT, maxBytes: 300_000 })).toHaveLength(300_000)
    await expect(content.fetch(uri, { ...LIMIT, maxBytes: 299_999 })).rejects.toThrow(ContentUnavailableError)
  })

  it('says of what was never published that it cannot be had', async () => {
    const content = await make()
    const uri = await (await make()).publish(new Uint8Array(randomBytes(64)))
    await expect(content.fetch(uri, LIMIT)).rejects.toThrow(ContentUnavailableError)
  })

  it.each(['', 'no such form', 'ftp://example.org/x', '../../etc/passwd', 'file:../../etc/passwd', 'Qm'])(
    'refuses the uri %j',
    async (uri) => {
      await expect((await make()).fetch(uri, LIMIT)).rejects.toThrow(ContentUnavailableError)
    },
  )
}
