import { connect } from 'node:net'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { AppEnv } from '../AppEnv.ts'
import { send } from '../testing/send.ts'
import { serve } from './serve.ts'

/** Sends raw bytes, and resolves with all that came back when the server closed the connection. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (chunk) => {
      answer += chunk.toString()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })
}

function app(): Hono<AppEnv> {
  const hono = new Hono<AppEnv>()
  hono.get('/body', (c) => c.text(c.env.getBody ?? 'none'))
  hono.get('/peer', (c) => c.text(c.env.incoming?.socket.remoteAddress ?? 'none'))
  return hono
}

describe('serve', () => {
  it('listens on a free port, and takes no connections after it closed', async () => {
    const serving = await serve({ app: app(), port: 0 })
    expect(serving.url).toBe(`http://127.0.0.1:${serving.port}`)
    expect((await send(`${serving.url}/peer`)).text).toBe('127.0.0.1')
    await serving.close()
    await expect(send(`${serving.url}/peer`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await serving.close()
  })

  it('says in one line that a port is taken', async () => {
    const first = await serve({ app: app(), port: 0 })
    try {
      await expect(serve({ app: app(), port: first.port })).rejects.toMatchObject({
        code: 'ADDRESS_IN_USE',
        message: `Port ${first.port} on 127.0.0.1 is taken by another process.`,
      })
    } finally {
      await first.close()
    }
  })

  it('says why it cannot listen elsewhere', async () => {
    await expect(serve({ app: app(), port: 0, hostname: '192.0.2.1' })).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: expect.stringContaining('EADDRNOTAVAIL'),
    })
  })

  it('hands over the body of a GET, and goes on with the connection after it', async () => {
    const serving = await serve({ app: app(), port: 0 })
    try {
      const get = 'GET /body HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}'
      const answer = await raw(serving.port, `${get}${get}${get.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')}`)
      expect(answer.split('\r\n\r\n{}').length - 1).toBe(3)
      expect((await send(`${serving.url}/body`)).text).toBe('none')
    } finally {
      await serving.close()
    }
  })

  it('closes a connection whose headers do not come to an end, or are too long', async () => {
    const serving = await serve({ app: app(), port: 0, headersTimeoutMs: 50, requestTimeoutMs: 100, checkEveryMs: 20 })
    try {
      expect(await raw(serving.port, 'GET /body HTTP/1.1\r\nhost: x\r\n')).toContain('408')
      expect(await raw(serving.port, `GET /body HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toContain(
        '431',
      )
    } finally {
      await serving.close()
    }
  })

  it('lets a request in flight finish', async () => {
    const { hono, inside, release } = holding()
    const serving = await serve({ app: hono, port: 0 })
    const answer = send(`${serving.url}/held`)
    await inside
    const closed = serving.close()
    release()
    expect((await answer).text).toBe('done')
    await closed
  })

  it('does not wait for ever for one that does not finish', async () => {
    const { hono, inside } = holding()
    const serving = await serve({ app: hono, port: 0, graceMs: 20 })
    const cut = expect(send(`${serving.url}/held`)).rejects.toMatchObject({ code: 'ECONNRESET' })
    await inside
    await serving.close()
    await cut
  })
})

/** An application whose `/held` answers when released. */
function holding() {
  const hono = app()
  const held = Promise.withResolvers<void>()
  const inside = Promise.withResolvers<void>()
  hono.get('/held', async (c) => {
    inside.resolve()
    await held.promise
    return c.text('done')
  })
  return { hono, inside: inside.promise, release: held.resolve }
}
