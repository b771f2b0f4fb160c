import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { contentSuite } from '@w3bstream/core/ports/suites'
import { ContentUnavailableError } from '@w3bstream/protocol'
import { FileBlobStore } from '@w3bstream/store-sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { cidOf } from './cidOf.ts'
import { EmbeddedContent } from './EmbeddedContent.ts'
import { IpfsServer } from './ipfsServer.fixture.ts'
import { LocalProjectDirectory } from './LocalProjectDirectory.ts'
import type { Lookup } from './publicAddresses.ts'
import { RoutedContent, type RoutedContentOptions } from './RoutedContent.ts'

const LIMIT = { maxBytes: 100_000, timeoutMs: 5000 }
const lookup: Lookup = async () => [{ address: '127.0.0.1', family: 4 }]

async function make(options: RoutedContentOptions = {}): Promise<RoutedContent> {
  const dir = await mkdtemp(join(tmpdir(), 'w3b-routed-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  await mkdir(join(dir, 'projects'))
  await writeFile(join(dir, 'projects', '7.json'), 'seven')
  const embedded = new EmbeddedContent(
    { blobs: await FileBlobStore.open(join(dir, 'blobs')) },
    { dir: join(dir, 'cids') },
  )
  return new RoutedContent({ embedded, directory: new LocalProjectDirectory({ dir: join(dir, 'projects') }) }, options)
}

const bytes = new Uint8Array(randomBytes(3000))

describe('RoutedContent', () => {
  describe('without endpoints', () => contentSuite(() => make()))

  it('takes a CID from the embedded store first, whatever host is named', async () => {
    const content = await make()
    const cid = await content.publish(bytes)
    for (const uri of [cid, `ipfs://${cid}`, `ipfs://ipfs.example/${cid}`, `ipfs://${cid}/`])
      expect(Buffer.compare(bytes, await content.fetch(uri, LIMIT))).toBe(0)
  })

  it('asks the operator’s gateway on loopback, then the RPC', async () => {
    await using gateway = await IpfsServer.start({ gateway: true })
    await using kubo = await IpfsServer.start({ rpc: true })
    const content = await make({ gateway: gateway.url, kubo: kubo.url })
    const cid = await gateway.add(bytes)
    expect(Buffer.compare(bytes, await content.fetch(cid, LIMIT))).toBe(0)
    expect(Buffer.compare(bytes, await content.fetch(`ipfs://127.0.0.1:${gateway.port}/${cid}`, LIMIT))).toBe(0)
    expect(kubo.asked).toEqual([])
    const other = await kubo.add(new Uint8Array(5))
    expect(await content.fetch(other, LIMIT)).toEqual(new Uint8Array(5))
    await expect(content.fetch(await cidOf(bytes), LIMIT)).rejects.toThrow(
      /not in the embedded store; .*HTTP 404.*; .*HTTP 404/,
    )
  })

  it('adds and pins at the operator’s RPC what it publishes, under the same CID', async () => {
    await using kubo = await IpfsServer.start({ rpc: true })
    const content = await make({ kubo: kubo.url, publicHost: 'ipfs.example' })
    const cid = await cidOf(bytes)
    expect(await content.publish(bytes)).toBe(`ipfs://ipfs.example/${cid}`)
    expect(kubo.files.get(cid)).toEqual(bytes)
    expect(kubo.asked[0]).toMatch(/^POST \/api\/v0\/add\?pin=true&cid-version=0&raw-leaves=false&chunker=size-262144/)
    expect(
      Buffer.compare(
        bytes,
        await (await make({ kubo: kubo.url })).fetch(`ipfs://127.0.0.1:${kubo.port}/${cid}`, LIMIT),
      ),
    ).toBe(0)
  })

  it('refuses an RPC that stores something else', async () => {
    await using kubo = await IpfsServer.start({ rpc: true })
    const content = await make({ kubo: kubo.url })
    kubo.intercept = (_, response) => {
      response.end('{"Name":"file","Hash":"QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"}\n')
      return true
    }
    await expect(content.publish(bytes)).rejects.toThrow(
      'it stored the bytes as QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH',
    )
    kubo.intercept = (_, response) => {
      response.end('<html>')
      return true
    }
    await expect(content.publish(bytes)).rejects.toThrow('it stored the bytes as nothing that it names')
  })

  it('asks the host that a uri names: as a gateway, then as an RPC', async () => {
    await using gateway = await IpfsServer.start({ gateway: true })
    await using rpc = await IpfsServer.start({ rpc: true })
    const content = await make({ lookup, allowPrivate: [`g.test:${gateway.port}`, `r.test:${rpc.port}`] })
    const cid = await gateway.add(bytes)
    await rpc.add(bytes)
    expect(Buffer.compare(bytes, await content.fetch(`ipfs://g.test:${gateway.port}/${cid}`, LIMIT))).toBe(0)
    expect(Buffer.compare(bytes, await content.fetch(`ipfs://r.test:${rpc.port}/${cid}`, LIMIT))).toBe(0)
  })

  it('reaches no private host that a uri names, and no other port of the operator’s own', async () => {
    await using inside = await IpfsServer.start({ gateway: true, rpc: true })
    await using own = await IpfsServer.start({ gateway: true })
    const content = await make({ gateway: own.url, lookup })
    const cid = await inside.add(bytes)
    for (const uri of [
      `ipfs://127.0.0.1:${inside.port}/${cid}`,
      `ipfs://innocent.test:${inside.port}/${cid}`,
      `ipfs://[::1]:${inside.port}/${cid}`,
      `http://127.0.0.1:${inside.port}/api/v0/cat?arg=${cid}`,
      `http://127.0.0.1:${own.port}/ipfs/${cid}`,
      `http://innocent.test:${inside.port}/ipfs/${cid}`,
      `ipfs://169.254.169.254/${cid}`,
    ])
      await expect(content.fetch(uri, LIMIT)).rejects.toThrow('is not a public address')
    expect(inside.asked).toEqual([])
    expect(own.asked).toEqual([])
  })

  it('shows nobody where the operator’s endpoints are or what they say', async () => {
    await using gateway = await IpfsServer.start({ gateway: true })
    await using kubo = await IpfsServer.start({ rpc: true })
    const secret = 'key-8f2c'
    for (const server of [gateway, kubo])
      server.intercept = (_, response) => {
        response.writeHead(403, { 'content-type': 'text/plain' }).end(`denied for ${secret} at 10.0.0.7`)
        return true
      }
    const content = await make({ gateway: `${gateway.url}/${secret}`, kubo: `${kubo.url}/${secret}` })
    const cid = await cidOf(bytes)
    const errors = [
      await content.fetch(cid, LIMIT).catch((caught: unknown) => caught),
      await content.fetch(`ipfs://127.0.0.1:${gateway.port}/${cid}`, LIMIT).catch((caught: unknown) => caught),
      await content.publish(new Uint8Array(3)).catch((caught: unknown) => caught),
    ]
    for (const error of errors) {
      expect(error).toBeInstanceOf(ContentUnavailableError)
      const shown = JSON.stringify(error)
      for (const hidden of [secret, '10.0.0.7', '/ipfs/', '/api/', String(kubo.port)])
        expect(shown).not.toContain(hidden)
      expect(inspect(error, { depth: 9 })).toContain(`denied for ${secret}`)
    }
    expect(String(errors[0])).toMatch(/the operator's gateway: HTTP 403; the operator's IPFS node: HTTP 403$/)
    expect(String(errors[2])).toMatch(/the operator's IPFS node cannot be fetched: HTTP 403$/)
  })

  it('reaches nothing private by a redirect of the operator’s gateway', async () => {
    await using inside = await IpfsServer.start({ gateway: true })
    await using own = await IpfsServer.start({ gateway: true })
    const cid = await inside.add(bytes)
    own.intercept = (path, response) => {
      response.writeHead(302, { location: `${inside.url}${path}` }).end()
      return true
    }
    const error = await (await make({ gateway: own.url })).fetch(cid, LIMIT).catch((caught: unknown) => caught)
    expect(inspect(error, { depth: 9 })).toContain('is not a public address')
    expect(String(error)).toMatch(/the operator's gateway: it gave no answer that can be used$/)
    expect(inside.asked).toEqual([])
  })

  it('fetches http(s) and local project files', async () => {
    const http = createServer((_, response) => response.end('by http'))
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const address = http.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const content = await make({ lookup, allowPrivate: [`www.test:${port}`] })
    expect(new TextDecoder().decode(await content.fetch(`http://www.test:${port}/7`, LIMIT))).toBe('by http')
    expect(new TextDecoder().decode(await content.fetch('file:7', LIMIT))).toBe('seven')
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  })

  it.each([
    'ipfs://',
    'ipfs://Qm',
    'ipfs://host/notacid',
    'ipfs://user:pw@host/QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o',
    'ipfs://ho st/QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o',
    'ipfs://host:99999/QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o',
    'ipfs://host/QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o/../../api',
    'ipfs://host/QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o?x=1',
    'ipns://host/QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o',
    'javascript:alert(1)',
  ])('refuses the uri %j', async (uri) => {
    const failed = await (await make({ lookup })).fetch(uri, LIMIT).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(ContentUnavailableError)
    expect(failed).toMatchObject({ retryable: false })
  })

  it('keeps to the time although every endpoint hangs', async () => {
    await using gateway = await IpfsServer.start({ gateway: true })
    await using kubo = await IpfsServer.start({ rpc: true })
    gateway.intercept = () => true
    kubo.intercept = () => true
    const content = await make({ gateway: gateway.url, kubo: kubo.url })
    const started = performance.now()
    await expect(content.fetch(await cidOf(bytes), { ...LIMIT, timeoutMs: 400 })).rejects.toThrow('it took longer than')
    expect(performance.now() - started).toBeLessThan(2000)
  })
})
