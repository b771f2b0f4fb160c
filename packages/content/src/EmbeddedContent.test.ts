import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contentSuite } from '@w3bstream/core/ports/suites'
import { StoreUnavailableError } from '@w3bstream/protocol'
import { FileBlobStore } from '@w3bstream/store-sqlite'
import { CID } from 'multiformats/cid'
import { describe, expect, it, onTestFinished } from 'vitest'
import { EmbeddedContent } from './EmbeddedContent.ts'

const HELLO = new TextEncoder().encode('hello world\n')
const NONE = new Uint8Array()
const HELLO_CID = 'QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o'

async function make(at?: string) {
  const dir = at ?? (await mkdtemp(join(tmpdir(), 'w3b-content-')))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const content = new EmbeddedContent(
    { blobs: await FileBlobStore.open(join(dir, 'blobs')) },
    { dir: join(dir, 'cids') },
  )
  return { dir, content }
}

describe('EmbeddedContent', () => {
  contentSuite(async () => (await make()).content)

  it('publishes under the CID that `ipfs add` gives', async () => {
    const { content } = await make()
    expect(await content.publish(HELLO)).toBe(HELLO_CID)
  })

  it('knows a CID in its other version too', async () => {
    const { content } = await make()
    await content.publish(HELLO)
    expect(Buffer.compare(HELLO, (await content.get(CID.parse(HELLO_CID).toV1().toString())) ?? NONE)).toBe(0)
  })

  it('finds what was published before it was opened', async () => {
    const { dir, content } = await make()
    await content.publish(HELLO)
    expect(Buffer.compare(HELLO, (await (await make(dir)).content.get(HELLO_CID)) ?? NONE)).toBe(0)
  })

  it('leaves nothing but the index entry behind', async () => {
    const { dir, content } = await make()
    await Promise.all([content.publish(HELLO), content.publish(HELLO)])
    expect(await readdir(join(dir, 'cids'))).toEqual([HELLO_CID])
  })

  it('refuses an index entry that leads to other bytes, or to none', async () => {
    const { dir, content } = await make()
    const cid = await content.publish(new Uint8Array(100))
    const entry = join(dir, 'cids', cid)
    await writeFile(entry, `0x${'0'.repeat(64)}`)
    expect(await content.get(cid)).toBeNull()
    const others = await FileBlobStore.open(join(dir, 'blobs'))
    await writeFile(entry, await others.put(HELLO))
    await expect(content.get(cid)).rejects.toThrow('its stored bytes were changed')
  })

  it('publishes anew where an index entry was damaged', async () => {
    const { dir, content } = await make()
    await content.publish(HELLO)
    await writeFile(join(dir, 'cids', HELLO_CID), 'junk')
    expect(await content.get(HELLO_CID)).toBeNull()
    await content.publish(HELLO)
    expect(Buffer.compare(HELLO, (await content.get(HELLO_CID)) ?? NONE)).toBe(0)
  })

  it('says that its store is unavailable where the index cannot be written', async () => {
    const { dir, content } = await make()
    await writeFile(join(dir, 'cids'), 'a file where the directory should be')
    await expect(content.publish(HELLO)).rejects.toThrow(StoreUnavailableError)
  })
})
