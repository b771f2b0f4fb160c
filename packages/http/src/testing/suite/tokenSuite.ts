import { projectId } from '@w3bstream/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { V1 } from '../../client.ts'
import { schemas } from '../../v1/schemas.ts'
import { Caller } from '../Caller.ts'
import type { HttpHost, MakeHttpHost } from '../HttpHost.ts'

const PATH = '/v1/tokens'

/** `/v1/tokens`. */
export function tokenSuite(make: MakeHttpHost): void {
  let host: HttpHost
  let caller: Caller
  let authorization: string
  const create = async (body: unknown, as = authorization) => caller.post(PATH, body, { authorization: as })

  beforeAll(async () => {
    host = await make()
    caller = new Caller(host)
    await host.road.project(1n, [{ version: '0.1' }])
    authorization = await host.road.token(['send', 'read', 'operate'])
  })
  afterAll(() => host.stop())

  it('makes a token that works until it is revoked, and shows its secret once', async () => {
    const answer = await create({ label: 'gateway', scopes: ['send'], projectId: '1' })
    expect(answer.status).toBe(201)
    const { secret, ...token } = answer.json as V1['TokenWithSecret']
    expect(token).toMatchObject({ label: 'gateway', scopes: ['send'], projectId: '1', expiresAt: null })
    const message = { projectId: '1', data: 'x' }
    expect((await caller.post('/v1/messages', message, { authorization: secret })).status).toBe(200)
    const list = await caller.send(PATH, { headers: { authorization } })
    expect((list.json as V1['Tokens']).tokens).toContainEqual(token)
    expect(schemas.tokens.parse(list.json)).toEqual(list.json)
    expect(list.text).not.toContain(secret)
    const revoked = await caller.send(`${PATH}/${token.id}`, { method: 'DELETE', headers: { authorization } })
    expect([revoked.status, revoked.text]).toEqual([204, ''])
    expect((await caller.post('/v1/messages', message, { authorization: secret })).status).toBe(401)
    const again = await caller.send(`${PATH}/${token.id}`, { method: 'DELETE', headers: { authorization } })
    expect([again.status, again.json]).toMatchObject([404, { code: 'TOKEN_NOT_FOUND' }])
  })

  it('keeps an operator of one project to that project', async () => {
    const limited = await host.road.token(['read', 'operate'], projectId(1))
    expect((await create({ label: 'all', scopes: ['read'] }, limited)).status).toBe(403)
    expect((await create({ label: 'other', scopes: ['read'], projectId: '2' }, limited)).status).toBe(403)
    expect((await create({ label: 'mine', scopes: ['read'], projectId: '1' }, limited)).status).toBe(201)
    const list = (await caller.send(PATH, { headers: { authorization: limited } })).json as V1['Tokens']
    expect(new Set(list.tokens.map((token) => token.projectId))).toEqual(new Set(['1']))
    const all = ((await caller.send(PATH, { headers: { authorization } })).json as V1['Tokens']).tokens
    const global = all.find((token) => token.projectId === null)
    const refused = await caller.send(`${PATH}/${global?.id}`, {
      method: 'DELETE',
      headers: { authorization: limited },
    })
    expect(refused.status).toBe(403)
  })

  it.each(['send', 'read'] as const)('refuses a token that may only %s', async (scope) => {
    const other = await host.road.token([scope])
    expect((await create({ label: 'x', scopes: ['operate'] }, other)).status).toBe(403)
    expect((await caller.send(PATH, { headers: { authorization: other } })).status).toBe(403)
    expect((await caller.send(PATH)).status).toBe(401)
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
    const answer = await create(body)
    expect([answer.status, answer.json]).toMatchObject([400, { error: expect.stringMatching(new RegExp(`^${field}`)) }])
  })
}
