import { type Hash, ProjectNotFoundError, projectId } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post } from '../testing/send.ts'
import { startTestServer, type TestServer } from '../testing/startTestServer.ts'

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
  })
  afterAll(() => server.stop())

  it('publishes the very bytes of a file, for operators', async () => {
    const file = '[ {"version" : "0.1"} ]'
    const authorization = await server.road.token(['operate'])
    const answer = await post(at(), file, { authorization })
    expect([answer.status, answer.json]).toMatchObject([
      200,
      { projectId: HUGE.toString(), uri: 'bafy', transactionHash: null },
    ])
    const limited = await server.road.token(['operate'], projectId(7))
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
})
