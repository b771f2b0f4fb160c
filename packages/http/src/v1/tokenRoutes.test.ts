import { projectId } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { V1 } from '../client.ts'
import { post, send } from '../testing/send.ts'
import { startTestServer, type TestServer } from '../testing/startTestServer.ts'
import { schemas } from './schemas.ts'

describe('/v1/tokens', () => {
  let server: TestServer
  let authorization: string
  const at = (path = ''): string => `${server.url}/v1/tokens${path}`
  const make = async (body: unknown, as = authorization) => post(at(), body, { authorization: as })

  beforeAll(async () => {
    server = await startTestServer()
    await server.project(1n, [{ version: '0.1' }])
    authorization = await server.token(['send', 'read', 'operate'])
  })
  afterAll(() => server.stop())

  it('makes a token that works until it is revoked, and shows its secret once', async () => {
    const answer = await make({ label: 'gateway', scopes: ['send'], projectId: '1' })
    expect(answer.status).toBe(201)
    const { secret, ...token } = answer.json as V1['TokenWithSecret']
    expect(token).toMatchObject({ label: 'gateway', scopes: ['send'], projectId: '1', expiresAt: null })
    const message = { projectId: '1', data: 'x' }
    expect((await post(`${server.url}/v1/messages`, message, { authorization: secret })).status).toBe(200)
    const list = await send(at(), { headers: { authorization } })
    expect((list.json as V1['Tokens']).tokens).toContainEqual(token)
    expect(schemas.tokens.parse(list.json)).toEqual(list.json)
    expect(list.text).not.toContain(secret)
    const revoked = await send(at(`/${token.id}`), { method: 'DELETE', headers: { authorization } })
    expect([revoked.status, revoked.text]).toEqual([204, ''])
    expect((await post(`${server.url}/v1/messages`, message, { authorization: secret })).status).toBe(401)
    const again = await send(at(`/${token.id}`), { method: 'DELETE', headers: { authorization } })
    expect([again.status, again.json]).toMatchObject([404, { code: 'TOKEN_NOT_FOUND' }])
  })

  it('ends a token at its time', async () => {
    const expiresAt = new Date(server.clock.at + 60_000).toISOString()
    const { secret } = (await make({ label: 'short', scopes: ['read'], expiresAt })).json as V1['TokenWithSecret']
    const ask = () => send(`${server.url}/task/1/1`, { headers: { authorization: secret } })
    expect((await ask()).status).toBe(200)
    server.clock.at += 60_000
    expect((await ask()).status).toBe(401)
  })

  it('keeps an operator of one project to that project', async () => {
    const limited = await server.token(['read', 'operate'], projectId(1))
    expect((await make({ label: 'all', scopes: ['read'] }, limited)).status).toBe(403)
    expect((await make({ label: 'other', scopes: ['read'], projectId: '2' }, limited)).status).toBe(403)
    expect((await make({ label: 'mine', scopes: ['read'], projectId: '1' }, limited)).status).toBe(201)
    const list = (await send(at(), { headers: { authorization: limited } })).json as V1['Tokens']
    expect(new Set(list.tokens.map((token) => token.projectId))).toEqual(new Set(['1']))
    const all = ((await send(at(), { headers: { authorization } })).json as V1['Tokens']).tokens
    const global = all.find((token) => token.projectId === null)
    const refused = await send(at(`/${global?.id}`), { method: 'DELETE', headers: { authorization: limited } })
    expect(refused.status).toBe(403)
  })

  it('makes no token that may do more than its maker, or for longer', async () => {
    const operator = await server.token(['operate'])
    expect((await make({ label: 'reader', scopes: ['read'] }, operator)).status).toBe(403)
    const expiresAt = new Date(server.clock.at + 60_000).toISOString()
    const short = (await make({ label: 'short', scopes: ['operate'], expiresAt })).json as V1['TokenWithSecret']
    expect((await make({ label: 'for ever', scopes: ['operate'] }, short.secret)).status).toBe(403)
    expect((await make({ label: 'as long', scopes: ['operate'], expiresAt }, short.secret)).status).toBe(201)
  })

  it("refuses what another site's page posts", async () => {
    const message = { projectId: '1', data: 'x' }
    const from = (origin: string) =>
      post(`${server.url}/v1/messages`, message, { origin, 'content-type': 'text/plain' })
    expect((await from('https://elsewhere.example')).status).toBe(403)
    expect((await from(server.url)).status).toBe(200)
  })

  it.each(['send', 'read'] as const)('refuses a token that may only %s', async (scope) => {
    const other = await server.token([scope])
    expect((await make({ label: 'x', scopes: ['operate'] }, other)).status).toBe(403)
    expect((await send(at(), { headers: { authorization: other } })).status).toBe(403)
    expect((await send(at())).status).toBe(401)
  })

  it.each([
    ['label', { scopes: ['read'] }],
    ['label', { label: 'x'.repeat(101), scopes: ['read'] }],
    ['scopes', { label: 'x' }],
    ['scopes', { label: 'x', scopes: [] }],
    ['scopes', { label: 'x', scopes: ['admin'] }],
    ['projectId', { label: 'x', scopes: ['read'], projectId: 'x' }],
    ['expiresAt', { label: 'x', scopes: ['read'], expiresAt: 'tomorrow' }],
    ['expiresAt', { label: 'x', scopes: ['read'], expiresAt: '2020-01-01T00:00:00Z' }],
    ['scope', { label: 'x', scopes: ['read'], scope: 'read' }],
  ])('names %s when it is missing or wrong: %j', async (field, body) => {
    const answer = await make(body)
    expect([answer.status, answer.json]).toMatchObject([400, { error: expect.stringMatching(new RegExp(`^${field}`)) }])
  })
})
