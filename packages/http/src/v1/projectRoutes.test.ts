import { type Hash, ProjectNotFoundError, projectId } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post, send } from '../testing/send.ts'
import { CODE, startTestServer, type TestServer } from '../testing/startTestServer.ts'
import { schemas } from './schemas.ts'

const HUGE = 18446744073709551615n

describe('/v1/projects', () => {
  let server: TestServer
  const published: { bytes: string; projectId: bigint | null }[] = []
  const at = (path = ''): string => `${server.url}/v1/projects${path}`

  beforeAll(async () => {
    const publisher = {
      async publish(p: { readonly bytes: Uint8Array; readonly projectId: bigint | null }) {
        if (p.projectId === 404n) throw new ProjectNotFoundError({ projectId: 404n })
        published.push({ bytes: Buffer.from(p.bytes).toString(), projectId: p.projectId })
        return { projectId: projectId(HUGE), uri: 'bafy', hash: `0x${'12'.repeat(32)}` as Hash, transactionHash: null }
      },
    }
    server = await startTestServer({ maxProjectFileBytes: 1_000 }, { publisher })
    const inputs = { scheme: 'poseidon-bn254', capacity: 4, fields: [{ name: 't', scale: 1, min: -400, max: 600 }] }
    await server.project(HUGE, [{ version: '0.1', inputs, aggregation: { amount: 4 } }])
  })
  afterAll(() => server.stop())

  it('lists and shows projects, without their code', async () => {
    const record = { id: HUGE.toString(), paused: false, block: '7' }
    expect((await send(at())).json).toMatchObject({ projects: [record] })
    const one = await send(at(`/${HUGE}`))
    expect(one.json).toMatchObject({
      ...record,
      defaultVersion: '0.1',
      versions: [{ version: '0.1', vmType: 'halo2', codeBytes: CODE.length / 2, aggregation: { amount: 4 } }],
    })
    expect(schemas.projectWithVersions.parse(one.json)).toEqual(one.json)
    expect(one.text).toContain('"min":"-400"')
    expect(one.text).not.toContain(CODE)
  })

  it('answers 404 for an unknown project and 400 for what is no id', async () => {
    expect((await send(at('/5'))).json).toMatchObject({ code: 'PROJECT_NOT_FOUND' })
    expect((await send(at('/x'))).json).toMatchObject({ code: 'INVALID_INPUT' })
  })

  it('publishes the very bytes of a file, for operators', async () => {
    const file = '[ {"version" : "0.1"} ]'
    const authorization = await server.token(['operate'])
    const answer = await post(at(), file, { authorization })
    expect([answer.status, answer.json]).toMatchObject([
      200,
      { projectId: HUGE.toString(), uri: 'bafy', transactionHash: null },
    ])
    const limited = await server.token(['operate'], projectId(7))
    expect((await post(at('?project=7'), file, { authorization: limited })).status).toBe(200)
    expect(published).toEqual([
      { bytes: file, projectId: null },
      { bytes: file, projectId: 7n },
    ])
    expect((await post(at(), file, { authorization: limited })).status).toBe(403)
    expect((await post(at('?project=8'), file, { authorization: limited })).status).toBe(403)
    expect((await post(at(), file)).status).toBe(401)
    expect((await post(at(), 'x'.repeat(1_001), { authorization })).status).toBe(413)
    expect((await post(at('?project=404'), file, { authorization })).json).toMatchObject({ code: 'PROJECT_NOT_FOUND' })
    expect(published.length).toBe(2)
  })

  it('says so where nothing publishes', async () => {
    const bare = await startTestServer()
    try {
      const answer = await post(`${bare.url}/v1/projects`, '[]', { authorization: await bare.token(['operate']) })
      // Not `w3b project publish`, which is what asked.
      const hint = expect.not.stringContaining('w3b project publish')
      expect([answer.status, answer.json]).toMatchObject([501, { code: 'NOT_CONFIGURED', hint }])
      expect(answer.json).toMatchObject({ hint: expect.stringContaining('createProject') })
    } finally {
      await bare.stop()
    }
  })
})
