import { afterAll, beforeAll, expect, it } from 'vitest'
import { Caller } from '../Caller.ts'
import type { HttpHost, MakeHttpHost } from '../HttpHost.ts'

/** Health, the description, headers, and what no route takes. */
export function systemSuite(make: MakeHttpHost): void {
  let host: HttpHost
  let caller: Caller

  beforeAll(async () => {
    host = await make()
    caller = new Caller(host)
    await host.road.project(1n, [{ version: '0.1' }])
  })
  afterAll(() => host.stop())

  it('answers health, readiness and the domain of what devices sign', async () => {
    expect((await caller.send('/healthz')).json).toEqual({ status: 'up' })
    expect((await caller.send('/live')).json).toEqual({ status: 'up' })
    expect((await caller.send('/readyz')).json).toEqual({ status: 'ready' })
    const { chainId, verifyingContract } = host.domain
    expect((await caller.send('/v1/domain')).json).toEqual({ chainId: chainId.toString(), verifyingContract })
    expect((await caller.send('/coordinator_config')).json).toMatchObject({ projectContractAddress: verifyingContract })
  })

  it('describes itself', async () => {
    const answer = await caller.send('/openapi.json')
    const document = answer.json as { openapi: string; paths: Record<string, Record<string, unknown>> }
    expect([answer.status, document.openapi]).toEqual([200, '3.1.0'])
    for (const path of ['/message', '/v1/messages', '/v1/messages/batch', '/v1/messages/{id}/receipt', '/v1/events'])
      expect(Object.keys(document.paths)).toContain(path)
    expect(document.paths['/v1/messages/batch']?.post).toMatchObject({
      parameters: [{ in: 'header', name: 'idempotency-key' }],
    })
    expect((await caller.send('/openapi.json')).text).toBe(answer.text)
  })

  it('answers 404 to unknown paths and 405 to wrong methods, in the style of the path', async () => {
    const older = await caller.send('/nothing')
    expect([older.status, older.json]).toEqual([404, { error: 'There is nothing at /nothing.' }])
    const v1 = await caller.send('/v1/nothing')
    expect([v1.status, v1.json]).toMatchObject([404, { code: 'NO_SUCH_PATH', hint: expect.any(String) }])
    const put = await caller.send('/v1/messages/x/receipt', { method: 'PUT' })
    expect([put.status, put.json, put.headers.allow]).toMatchObject([405, { code: 'METHOD_NOT_ALLOWED' }, 'GET'])
    expect((await caller.send('/message')).status).toBe(405)
    expect((await caller.send('/v1/tokens', { method: 'DELETE' })).headers.allow).toBe('POST, GET')
  })

  it('answers HEAD as GET, without the body', async () => {
    const answer = await caller.send('/live', { method: 'HEAD' })
    expect([answer.status, answer.text]).toEqual([200, ''])
  })

  it('lets pages of any origin read /v1, and nothing else', async () => {
    const preflight = await caller.send('/v1/messages', {
      method: 'OPTIONS',
      headers: { origin: 'https://example.org', 'access-control-request-method': 'POST' },
    })
    expect([preflight.status, preflight.headers['access-control-allow-methods']]).toEqual([204, 'GET'])
    expect((await caller.send('/v1/tasks')).headers['access-control-allow-origin']).toBe('*')
    expect((await caller.send('/v1/tasks/x')).headers['access-control-allow-origin']).toBe('*')
    const sent = await caller.post('/v1/messages', { projectId: '1', data: 'x' })
    expect(sent.headers['access-control-allow-origin']).toBeUndefined()
    expect((await caller.send('/live')).headers['access-control-allow-origin']).toBeUndefined()
  })

  it("refuses what another site's page posts", async () => {
    const message = { projectId: '1', data: 'x' }
    const from = (origin: string) => caller.post('/v1/messages', message, { origin, 'content-type': 'text/plain' })
    expect((await from('https://elsewhere.example')).status).toBe(403)
    expect((await from(host.origin)).status).toBe(200)
  })

  it('sends the headers that keep browsers from making anything of an answer', async () => {
    for (const path of ['/live', '/v1/nothing', '/v1/tasks'])
      expect((await caller.send(path)).headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      })
  })

  it('names each request, by the name that the caller gave it where that is a plain one', async () => {
    const own = async (id?: string) =>
      (await caller.send('/live', id === undefined ? {} : { headers: { 'x-request-id': id } })).headers['x-request-id']
    expect(await own('abc-1')).toBe('abc-1')
    const made = await own()
    expect(made).toMatch(/^[\w-]+$/)
    expect(await own('x'.repeat(65))).not.toBe('x'.repeat(65))
    expect(await own()).not.toBe(made)
  })
}
