import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { ContentUnavailableError } from '@w3bstream/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { fetchOutside, type OutsideRequest } from './fetchOutside.ts'
import { type Lookup, publicAddresses } from './publicAddresses.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A real server on loopback. @returns its port */
async function server(listener: RequestListener): Promise<number> {
  const http = createServer(listener)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  })
  return (http.address() as AddressInfo).port
}

/** Names of a small world: `open.test` is where tests may go, the others are traps. */
const lookup: Lookup = async (name) => {
  const addresses: Record<string, string[]> = {
    'open.test': ['127.0.0.1'],
    'other.test': ['127.0.0.1'],
    'rebound.test': ['127.0.0.1'],
    'metadata.test': ['169.254.169.254'],
    'mapped.test': ['::ffff:10.0.0.1'],
    'nat64.test': ['64:ff9b::a9fe:a9fe'],
    'empty.test': [],
  }
  const found = addresses[name]
  if (found === undefined) throw Object.assign(new Error('unknown'), { code: 'ENOTFOUND' })
  return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
}
const limit = { maxBytes: 100_000, timeoutMs: 5000, lookup }
const openTo = (port: number): OutsideRequest => ({ ...limit, allowPrivate: [`open.test:${port}`] })

describe('fetchOutside', () => {
  it('gives the answer of a server that may be reached, under its own host name', async () => {
    const port = await server((request, response) => {
      response.setHeader('x-host', String(request.headers.host))
      response.end(`${request.method} ${request.url}`)
    })
    const { body, status, headers, url } = await fetchOutside(`http://open.test:${port}/a?b=1`, openTo(port))
    expect(new TextDecoder().decode(body)).toBe('GET /a?b=1')
    expect(status).toBe(200)
    expect(headers['x-host']).toBe(`open.test:${port}`)
    expect(url).toBe(`http://open.test:${port}/a?b=1`)
  })

  it('sends method, headers and body', async () => {
    const port = await server((request, response) => {
      request.on('data', (chunk) => response.write(`${request.method} ${request.headers['x-a']} ${chunk}`))
      request.on('end', () => response.end())
    })
    const sent = { ...openTo(port), method: 'POST' as const, headers: { 'x-a': '1' }, body: 'hello' }
    expect(new TextDecoder().decode((await fetchOutside(`http://open.test:${port}/`, sent)).body)).toBe('POST 1 hello')
  })

  it.each([
    'http://127.0.0.1:1/',
    'http://127.1:1/',
    'http://0x7f000001:1/',
    'http://2130706433:1/',
    'http://017700000001:1/',
    'http://0/',
    'http://[::1]:1/',
    'http://[::ffff:127.0.0.1]:1/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://rebound.test/',
    'http://metadata.test/',
    'http://mapped.test/',
    'http://nat64.test/',
  ])('refuses %s for its address, for good', async (url) => {
    const failed = await fetchOutside(url, limit).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(ContentUnavailableError)
    expect(failed).toMatchObject({
      message: expect.stringContaining('is not a public address'),
      retryable: false,
    })
  })

  it('refuses localhost by the system’s own resolver', async () => {
    await expect(fetchOutside('http://localhost:1/', { maxBytes: 10, timeoutMs: 5000 })).rejects.toThrow(
      'is not a public address',
    )
  })

  it('allows a private address only under the host and port that were named', async () => {
    const port = await server((_, response) => response.end('private'))
    const allowed = openTo(port)
    await expect(fetchOutside(`http://127.0.0.1:${port}/`, allowed)).rejects.toThrow('is not a public address')
    await expect(fetchOutside(`http://other.test:${port}/`, allowed)).rejects.toThrow('is not a public address')
    await expect(fetchOutside(`http://open.test:${port + 1}/`, allowed)).rejects.toThrow('is not a public address')
  })

  it.each([
    ['file:///etc/passwd', 'only http and https'],
    ['ftp://open.test/', 'only http and https'],
    ['data:text/plain,x', 'only http and https'],
    ['gopher://open.test/', 'only http and https'],
    ['not a url', 'not a URL'],
    ['http://user:secret@open.test/', 'credentials'],
    ['http://empty.test/', 'has no address'],
    ['http://unknown.test/', 'host name is not known'],
  ])('refuses %s', async (url, reason) => {
    const failed = await fetchOutside(url, limit).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(ContentUnavailableError)
    expect(String(failed)).toContain(reason)
    expect(String(failed)).not.toContain('secret')
  })

  it('connects to the address that was checked, although the name leads elsewhere the next time', async () => {
    const port = await server((_, response) => response.end('the checked one'))
    let asked = 0
    const flipping: Lookup = async () => {
      asked++
      return [{ address: asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]
    }
    const { body } = await fetchOutside(`http://open.test:${port}/`, { ...openTo(port), lookup: flipping })
    expect(new TextDecoder().decode(body)).toBe('the checked one')
    expect(asked).toBe(1)
  })

  it('drops the private ones of a name’s addresses', async () => {
    const mixed: Lookup = async () => ['127.0.0.1', '8.8.8.8', '10.0.0.1'].map((address) => ({ address, family: 4 }))
    const open = await publicAddresses(new URL('http://mixed.test/'), { lookup: mixed })
    expect(open).toEqual([{ address: '8.8.8.8', family: 4 }])
  })

  it('follows redirects, relative ones too', async () => {
    const port = await server((request, response) => {
      if (request.url === '/end') return response.end(`${request.method}`)
      response.writeHead(302, { location: request.url === '/a' ? `http://open.test:${port}/b` : '/end' }).end()
    })
    const { body, url } = await fetchOutside(`http://open.test:${port}/a`, openTo(port))
    expect(new TextDecoder().decode(body)).toBe('GET')
    expect(url).toBe(`http://open.test:${port}/end`)
  })

  it.each(['http://127.0.0.1:{}/', 'http://metadata.test/', 'http://[::1]:{}/', '//127.0.0.1:{}/'])(
    'refuses a redirect to %s',
    async (target) => {
      let reached = 0
      const inner = await server((_, response) => {
        reached++
        response.end('secret')
      })
      const port = await server((_, response) =>
        response.writeHead(307, { location: target.replace('{}', String(inner)) }).end(),
      )
      await expect(fetchOutside(`http://open.test:${port}/`, openTo(port))).rejects.toThrow('is not a public address')
      expect(reached).toBe(0)
    },
  )

  it.each([
    ['file:///etc/passwd', 'only http and https'],
    ['http://a:b@open.test/', 'credentials'],
    ['http://[', 'redirect is not a URL'],
  ])('refuses a redirect to %s', async (location, reason) => {
    const port = await server((_, response) => response.writeHead(301, { location }).end())
    await expect(fetchOutside(`http://open.test:${port}/`, openTo(port))).rejects.toThrow(reason)
  })

  it('ends a chain of redirects', async () => {
    let asked = 0
    const port = await server((_, response) => response.writeHead(302, { location: `/${asked++}` }).end())
    await expect(fetchOutside(`http://open.test:${port}/`, openTo(port))).rejects.toThrow('more than 5 redirects')
    expect(asked).toBe(6)
  })

  it('keeps a token from another origin, and a body from a redirected GET', async () => {
    const seen: unknown[] = []
    const second = await server((request, response) => {
      seen.push(
        request.method,
        request.headers.authorization,
        request.headers['content-type'],
        request.headers['x-kept'],
      )
      response.end()
    })
    const first = await server((_, response) =>
      response.writeHead(302, { location: `http://other.test:${second}/` }).end(),
    )
    await fetchOutside(`http://open.test:${first}/`, {
      ...limit,
      allowPrivate: [`open.test:${first}`, `other.test:${second}`],
      method: 'POST',
      headers: { Authorization: 'Bearer secret', 'content-type': 'text/plain', 'x-kept': '1' },
      body: 'x',
    })
    expect(seen).toEqual(['GET', undefined, undefined, '1'])
  })

  it.each([
    [404, false],
    [410, false],
    [429, true],
    [500, true],
    [503, true],
  ])('says that the status is %i; retryable: %s', async (status, retryable) => {
    const port = await server((_, response) => response.writeHead(status).end('gone\u001b[31m away'))
    const failed = await fetchOutside(`http://open.test:${port}/?key=secret`, openTo(port)).catch(
      (error: unknown) => error,
    )
    expect(failed).toMatchObject({ retryable, message: expect.stringContaining(`HTTP ${status}: gone [31m away`) })
    expect(String(failed)).not.toContain('secret')
  })

  it('gives exactly as many bytes as allowed, and refuses one more by the declared length', async () => {
    const port = await server((_, response) => response.end(Buffer.alloc(1000)))
    const url = `http://open.test:${port}/`
    expect((await fetchOutside(url, { ...openTo(port), maxBytes: 1000 })).body).toHaveLength(1000)
    await expect(fetchOutside(url, { ...openTo(port), maxBytes: 999 })).rejects.toThrow('larger than 999 bytes')
  })

  it('stops reading an endless body', async () => {
    let gone: () => void = () => {}
    const closed = new Promise<void>((resolve) => {
      gone = resolve
    })
    const port = await server((_, response) => {
      const more = () => {
        while (response.write(Buffer.alloc(16_384)));
      }
      response.on('drain', more).on('close', gone)
      more()
    })
    await expect(fetchOutside(`http://open.test:${port}/`, openTo(port))).rejects.toThrow('larger than 100000 bytes')
    await closed
  })

  it('refuses a gzip bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    expect(bomb.length).toBeLessThan(100_000)
    const port = await server((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb))
    await expect(fetchOutside(`http://open.test:${port}/`, openTo(port))).rejects.toThrow('larger than 100000 bytes')
  })

  it.each([
    ['gzip', gzipSync('hello')],
    ['br', brotliCompressSync('hello')],
    ['identity', Buffer.from('hello')],
  ])('reads %s that it did not ask for', async (encoding, bytes) => {
    const port = await server((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(bytes))
    const { body } = await fetchOutside(`http://open.test:${port}/`, openTo(port))
    expect(new TextDecoder().decode(body)).toBe('hello')
  })

  it.each([
    ['gzip', 'compressed body is broken'],
    ['lzma', 'content encoding "lzma" is not known'],
  ])('refuses a body that only says that it is %s', async (encoding, reason) => {
    const port = await server((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end('hello'))
    await expect(fetchOutside(`http://open.test:${port}/`, openTo(port))).rejects.toThrow(reason)
  })

  it('gives up on a server that sends nothing', async () => {
    const tcp = createTcpServer((socket) => socket.on('error', () => {}).resume())
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
    const { port } = tcp.address() as AddressInfo
    const fetched = fetchOutside(`http://open.test:${port}/`, { ...openTo(port), timeoutMs: 200 })
    await expect(fetched).rejects.toThrow('it took longer than 200 ms')
    await new Promise((resolve) => tcp.close(resolve))
  })

  it('gives up on a body that drips, although something always comes', async () => {
    const port = await server((_, response) => {
      const timer = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(timer))
    })
    const fetched = fetchOutside(`http://open.test:${port}/`, { ...openTo(port), timeoutMs: 200 })
    await expect(fetched).rejects.toThrow('it took longer than 200 ms')
  })

  it('gives up on a resolver that never answers', async () => {
    const fetched = fetchOutside('http://open.test/', { ...limit, timeoutMs: 50, lookup: () => new Promise(() => {}) })
    await expect(fetched).rejects.toThrow('it took longer than 50 ms')
  })

  it('says that a connection was refused', async () => {
    const port = await server(() => {})
    for (const close of closers.splice(0)) await close()
    await expect(fetchOutside(`http://open.test:${port}/`, openTo(port))).rejects.toThrow('the connection was refused')
  })

  it('refuses a body that ends before its declared length', async () => {
    const port = await server((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('short', () => response.destroy())
    })
    await expect(fetchOutside(`http://open.test:${port}/`, openTo(port))).rejects.toThrow(ContentUnavailableError)
  })
})
