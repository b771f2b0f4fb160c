import { randomBytes } from 'node:crypto'
import * as dagPb from '@ipld/dag-pb'
import { ContentUnavailableError } from '@w3bstream/protocol'
import { UnixFS } from 'ipfs-unixfs'
import { importer } from 'ipfs-unixfs-importer'
import { CID } from 'multiformats/cid'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import { describe, expect, it } from 'vitest'
import { GatewayContent } from './GatewayContent.ts'
import { IpfsServer } from './ipfsServer.fixture.ts'

const LIMIT = { maxBytes: 200_000, timeoutMs: 5000 }

async function make() {
  const ipfs = await IpfsServer.start({ gateway: true })
  return { ipfs, gateway: new GatewayContent({ url: ipfs.url, allowPrivate: [`127.0.0.1:${ipfs.port}`] }) }
}

/** Adds a block as it is, whatever it claims. */
async function addNode(ipfs: IpfsServer, file: UnixFS, links: readonly CID[]): Promise<CID> {
  const node = dagPb.prepare({ Data: file.marshal(), Links: links.map((Hash) => ({ Name: '', Tsize: 1, Hash })) })
  const block = dagPb.encode(node)
  const cid = CID.createV0(await sha256.digest(block))
  ipfs.blocks.set(cid.toString(), block)
  return cid
}

describe('GatewayContent', () => {
  it.each([0, 1, 999, 1001, 180_000])('puts a file of %i bytes together from its blocks', async (size) => {
    const { ipfs, gateway } = await make()
    await using _ = ipfs
    const bytes = new Uint8Array(randomBytes(size))
    expect(await gateway.fetch(await ipfs.add(bytes), LIMIT)).toEqual(bytes)
    expect(ipfs.asked.every((line) => /^GET \/ipfs\/\w+\?format=raw$/.test(line))).toBe(true)
  })

  it('refuses a file of which one block was changed, whichever it is', async () => {
    const { ipfs, gateway } = await make()
    await using _ = ipfs
    const cid = await ipfs.add(new Uint8Array(randomBytes(5000)))
    for (const [name, block] of [...ipfs.blocks]) {
      const changed = block.slice()
      changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
      const both = [...ipfs.blocks.keys()].filter(
        (other) => CID.parse(other).equals(CID.parse(name).toV1()) || other === name,
      )
      for (const key of both) ipfs.blocks.set(key, changed)
      if (both.includes(cid) || CID.parse(name).code === 0x55)
        await expect(gateway.fetch(cid, LIMIT)).rejects.toThrow('the gateway gave other bytes than the block has')
      for (const key of both) ipfs.blocks.set(key, block)
    }
    expect(await gateway.fetch(cid, LIMIT)).toHaveLength(5000)
  })

  it('says that a block is missing', async () => {
    const { ipfs, gateway } = await make()
    await using _ = ipfs
    const cid = await ipfs.add(new Uint8Array(randomBytes(5000)))
    const leaf = [...ipfs.blocks.keys()].find((name) => CID.parse(name).code === 0x55)
    ipfs.blocks.delete(leaf ?? '')
    await expect(gateway.fetch(cid, LIMIT)).rejects.toThrow('HTTP 404')
  })

  it('refuses a file that says it is too large, before its leaves are asked for', async () => {
    const { ipfs, gateway } = await make()
    await using _ = ipfs
    const cid = await ipfs.add(new Uint8Array(200_001), 100_000)
    await expect(gateway.fetch(cid, LIMIT)).rejects.toThrow('larger than 200000 bytes')
    expect(ipfs.asked).toHaveLength(1)
  })

  it('refuses a graph that is larger than it says', async () => {
    const { ipfs, gateway } = await make()
    await using _ = ipfs
    let node = await addNode(ipfs, new UnixFS({ type: 'file', data: new Uint8Array(1) }), [])
    for (let level = 0; level < 4; level++) {
      const file = new UnixFS({ type: 'file' })
      for (let i = 0; i < 20; i++) file.addBlockSize(1n)
      node = await addNode(ipfs, file, Array<CID>(20).fill(node))
    }
    // 20^4 leaves stand behind a file that claims 20 bytes.
    await expect(gateway.fetch(node.toString(), LIMIT)).rejects.toThrow('a part of it has another size than it says')
    expect(ipfs.asked.length).toBeLessThan(100)
  })

  it('ends a graph of empty blocks that says nothing wrong', async () => {
    const { ipfs, gateway } = await make()
    await using _ = ipfs
    let node = await addNode(ipfs, new UnixFS({ type: 'file', data: new Uint8Array() }), [])
    for (let level = 0; level < 4; level++) {
      const file = new UnixFS({ type: 'file' })
      for (let i = 0; i < 50; i++) file.addBlockSize(0n)
      node = await addNode(ipfs, file, Array<CID>(50).fill(node))
    }
    await expect(gateway.fetch(node.toString(), { ...LIMIT, timeoutMs: 20_000 })).rejects.toThrow(
      'it has more blocks than',
    )
  })

  it('refuses blocks that are nested without end', async () => {
    const { ipfs, gateway } = await make()
    await using _ = ipfs
    let node = await addNode(ipfs, new UnixFS({ type: 'file', data: new Uint8Array(1) }), [])
    for (let level = 0; level < 20; level++) {
      const file = new UnixFS({ type: 'file' })
      file.addBlockSize(1n)
      node = await addNode(ipfs, file, [node])
    }
    await expect(gateway.fetch(node.toString(), LIMIT)).rejects.toThrow('nested too deeply')
  })

  it.each([
    ['junk', new Uint8Array([255, 255, 255])],
    ['a node without data', dagPb.encode(dagPb.prepare({ Links: [] }))],
    ['a node with junk for data', dagPb.encode(dagPb.prepare({ Data: new Uint8Array([1, 2, 3]), Links: [] }))],
  ])('refuses %s', async (_name, block) => {
    const { ipfs, gateway } = await make()
    await using _ = ipfs
    const cid = CID.createV0(await sha256.digest(block)).toString()
    ipfs.blocks.set(cid, block)
    await expect(gateway.fetch(cid, LIMIT)).rejects.toThrow(ContentUnavailableError)
  })

  it('refuses a directory, a CID of another hash, and what is no CID', async () => {
    const { ipfs, gateway } = await make()
    await using _ = ipfs
    let directory = ''
    const put = async (cid: CID, block: unknown) => {
      if (block instanceof Uint8Array) ipfs.blocks.set(cid.toString(), block)
      return cid
    }
    for await (const { cid } of importer([{ path: 'a/b', content: [new Uint8Array(3)] }], { put }, { cidVersion: 0 }))
      directory = cid.toString()
    await expect(gateway.fetch(directory, LIMIT)).rejects.toThrow('it is not a file')
    const other = CID.createV1(0x55, await sha512.digest(new Uint8Array(3))).toString()
    await expect(gateway.fetch(other, LIMIT)).rejects.toThrow('only blocks named by sha2-256')
    await expect(gateway.fetch('Qmnonsense', LIMIT)).rejects.toThrow('it is not a CID')
  })

  it('gives up in time on a gateway that answers some blocks and then hangs', async () => {
    const { ipfs, gateway } = await make()
    await using _ = ipfs
    const cid = await ipfs.add(new Uint8Array(randomBytes(5000)))
    ipfs.intercept = (path) => !path.includes(cid)
    await expect(gateway.fetch(cid, { ...LIMIT, timeoutMs: 300 })).rejects.toThrow('it took longer than')
  })

  it('refuses a private gateway that nobody allowed', async () => {
    const { ipfs } = await make()
    await using _ = ipfs
    const cid = await ipfs.add(new Uint8Array(10))
    await expect(new GatewayContent({ url: ipfs.url }).fetch(cid, LIMIT)).rejects.toThrow('is not a public address')
    expect(ipfs.asked).toEqual([])
  })
})
