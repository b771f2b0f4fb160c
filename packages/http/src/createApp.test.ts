import { readFile } from 'node:fs/promises'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { Telemetry } from '@w3bstream/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from './createApp.ts'
import { post, send } from './testing/send.ts'
import { startTestServer, type TestServer } from './testing/startTestServer.ts'

describe('the application', () => {
  let server: TestServer
  const at = (path: string): string => `${server.url}${path}`

  beforeAll(async () => {
    server = await startTestServer()
    await server.road.project(1n, [{ version: '0.1' }])
  })
  afterAll(() => server.stop())

  it('describes every route in a valid OpenAPI document', async () => {
    const answer = await send(at('/openapi.json'))
    const document = answer.json as { openapi: string; paths: Record<string, Record<string, unknown>> }
    expect(document.openapi).toBe('3.1.0')
    expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true })
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const { w3b, store } = server
    const telemetry: Telemetry = { count() {}, observe() {}, gauge() {}, log() {}, span: (_, __, run) => run() }
    const { routes } = createApp({
      w3b,
      tokens: store.tokens,
      quota: store.quota,
      telemetry,
      clock: { now: () => 0 },
      metrics: async () => '',
      config: { chainId: 1n, projectContractAddress: '0x' },
    })
    const mounted = routes
      .filter(({ method }) => method !== 'OPTIONS')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    expect(described.sort()).toEqual(mounted.sort())
    for (const path of ['/message', '/v1/messages', '/v1/messages/batch', '/v1/messages/{id}/receipt', '/metrics'])
      expect(Object.keys(document.paths)).toContain(path)
    for (const path of ['/message', '/v1/messages', '/v1/messages/batch'])
      expect(document.paths[path]?.post).toMatchObject({ parameters: [{ in: 'header', name: 'idempotency-key' }] })
  })

  it('answers metrics', async () => {
    const metrics = await send(at('/metrics'))
    expect([metrics.headers['content-type'], metrics.text]).toEqual([
      'text/plain; version=0.0.4; charset=utf-8',
      expect.stringContaining('w3b_up 1'),
    ])
  })

  it('logs what it refused under the request and trace ids, without secrets', async () => {
    const traceparent = `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`
    const headers = { 'x-request-id': 'trace-me', traceparent, authorization: 'hush' }
    await post(at('/v1/messages'), { projectId: '1', data: 'payload' }, headers)
    const line = server.told.find(({ fields }) => fields.requestId === 'trace-me')
    expect(line).toEqual({
      what: 'request refused',
      fields: {
        level: 'debug',
        route: 'POST /v1/messages',
        status: 401,
        requestId: 'trace-me',
        traceId: 'a1'.repeat(16),
        code: 'UNAUTHORIZED',
      },
    })
    expect(JSON.stringify(server.told)).not.toMatch(/hush|payload/)
  })

  it('names contract and operator', async () => {
    expect((await send(at('/coordinator_config'))).json).toEqual({
      projectContractAddress: server.domain.verifyingContract,
      OperatorETHAddress: expect.stringMatching(/^0x[0-9a-f]{40}$/),
    })
  })

  it('measures each request by route and status', async () => {
    await send(at('/v1/tasks/nope'))
    expect(server.told).toContainEqual({
      what: 'w3b_http_request_seconds',
      fields: { route: 'GET /v1/tasks/{id}', status: '400' },
    })
  })

  it('runs without a server, as on an edge worker', async () => {
    const { w3b, store } = server
    const telemetry: Telemetry = { count() {}, observe() {}, gauge() {}, log() {}, span: (_, __, run) => run() }
    const app = createApp({
      w3b,
      tokens: store.tokens,
      quota: store.quota,
      telemetry,
      clock: { now: () => server.clock.at },
      metrics: async () => '',
      config: {
        chainId: 1n,
        projectContractAddress: '0x',
        coalesce: false,
        quotas: { perAddress: { perSecond: 1, burst: 1 } },
        trustedProxies: 1,
      },
    })
    const from = (address: string) =>
      app.request('/message', {
        method: 'POST',
        body: '{"projectID":1,"projectVersion":"0.1","data":"x"}',
        headers: { 'x-forwarded-for': `6.6.6.6, ${address}` },
      })
    const answers = [await from('192.0.2.1'), await from('192.0.2.1'), await from('192.0.2.2')]
    expect(answers.map(({ status }) => status)).toEqual([200, 429, 200])
    const big = await app.request('/message', {
      method: 'POST',
      body: 'x'.repeat(3 * 2 ** 20),
      headers: { 'x-forwarded-for': '192.0.2.3' },
    })
    expect(big.status).toBe(413)
  })
})

describe('the package', () => {
  it('needs nothing of Node for the application itself', async () => {
    const seen = new Set<string>()
    const outside = new Set<string>()
    const follow = async (url: URL): Promise<void> => {
      if (seen.has(url.href)) return
      seen.add(url.href)
      const source = await readFile(url, 'utf8')
      for (const [, type, from = ''] of source.matchAll(
        /^(?:import|export)( type)? (?:\{[^}]*\}|\w+) from '([^']+)'/gm,
      )) {
        if (type !== undefined) continue
        if (from.startsWith('.')) await follow(new URL(from, url))
        else outside.add(from)
      }
    }
    await follow(new URL('./index.ts', import.meta.url))
    expect(seen.size).toBeGreaterThan(30)
    // The schema library comes only with the OpenAPI document.
    expect([...outside].sort()).toEqual(['@w3bstream/protocol', 'hono'])
  })
})

describe('an inner fault', () => {
  it('is answered in general words, and told to the log in its own', async () => {
    const fault = () => Promise.reject(new TypeError('secret detail'))
    const server = await startTestServer({}, { metrics: fault, publisher: { publish: fault } })
    try {
      const older = await send(`${server.url}/metrics`)
      expect([older.status, older.json]).toEqual([500, { error: 'Internal error.' }])
      const v1 = await post(`${server.url}/v1/projects`, '[]', { authorization: await server.road.token(['operate']) })
      expect([v1.status, v1.json]).toEqual([500, { code: 'INTERNAL', error: 'Internal error.' }])
      expect(server.told.filter(({ what }) => what === 'request failed')).toMatchObject([
        { fields: { level: 'error', route: 'GET /metrics', error: expect.stringContaining('secret detail') } },
        { fields: { level: 'error', route: 'POST /v1/projects', requestId: v1.headers['x-request-id'] } },
      ])
    } finally {
      await server.stop()
    }
  })
})

describe('readiness', () => {
  it('names what is missing, with 503', async () => {
    const server = await startTestServer({}, {}, { notReady: async () => ['the chain'] })
    try {
      const answer = await send(`${server.url}/readyz`)
      expect([answer.status, answer.json]).toMatchObject([503, { waitingFor: ['the chain'] }])
    } finally {
      await server.stop()
    }
  })

  it('is looked up once a second, however often it is asked for', async () => {
    const waiting = [['the chain'], []]
    let looked = 0
    const server = await startTestServer({}, {}, { notReady: async () => waiting[looked++] ?? [] })
    try {
      const ask = async () => (await send(`${server.url}/readyz`)).status
      expect([await ask(), await ask()]).toEqual([503, 503])
      server.clock.at += 1_000
      expect([await ask(), await ask()]).toEqual([200, 200])
      expect(looked).toBe(2)
    } finally {
      await server.stop()
    }
  })
})
