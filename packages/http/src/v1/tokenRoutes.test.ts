import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { V1 } from '../client.ts'
import { post, send } from '../testing/send.ts'
import { startTestServer, type TestServer } from '../testing/startTestServer.ts'

describe('/v1/tokens', () => {
  let server: TestServer
  let authorization: string
  const at = (path = ''): string => `${server.url}/v1/tokens${path}`
  const make = async (body: unknown, as = authorization) => post(at(), body, { authorization: as })

  beforeAll(async () => {
    server = await startTestServer()
    await server.road.project(1n, [{ version: '0.1' }])
    authorization = await server.road.token(['send', 'read', 'operate'])
  })
  afterAll(() => server.stop())

  it('ends a token at its time', async () => {
    const expiresAt = new Date(server.clock.at + 60_000).toISOString()
    const { secret } = (await make({ label: 'short', scopes: ['read'], expiresAt })).json as V1['TokenWithSecret']
    const ask = () => send(`${server.url}/task/1/1`, { headers: { authorization: secret } })
    expect((await ask()).status).toBe(200)
    server.clock.at += 60_000
    expect((await ask()).status).toBe(401)
  })

  it('makes no token that may do more than its maker, or for longer', async () => {
    const operator = await server.road.token(['operate'])
    expect((await make({ label: 'reader', scopes: ['read'] }, operator)).status).toBe(403)
    const expiresAt = new Date(server.clock.at + 60_000).toISOString()
    const short = (await make({ label: 'short', scopes: ['operate'], expiresAt })).json as V1['TokenWithSecret']
    expect((await make({ label: 'for ever', scopes: ['operate'] }, short.secret)).status).toBe(403)
    expect((await make({ label: 'as long', scopes: ['operate'], expiresAt }, short.secret)).status).toBe(201)
  })
})
