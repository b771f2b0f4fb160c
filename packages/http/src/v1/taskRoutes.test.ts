import { projectId, type TaskId, taskId } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { V1 } from '../client.ts'
import { post, send } from '../testing/send.ts'
import { startTestServer, type TestServer } from '../testing/startTestServer.ts'
import { schemas } from './schemas.ts'

const UNKNOWN = `0x${'ab'.repeat(32)}`

describe('/v1/tasks', () => {
  let server: TestServer
  let settled: TaskId
  let failed: TaskId
  let fresh: TaskId
  const at = (path: string): string => `${server.url}/v1/tasks${path}`
  const pack = async (project: bigint): Promise<TaskId> => {
    await post(`${server.url}/v1/messages`, { projectId: project.toString(), data: 'x' })
    const [id] = await server.w3b.packNow(projectId(project), '0.1')
    server.clock.at += 1_000
    if (id === undefined) throw new Error('nothing was packed')
    return id
  }

  beforeAll(async () => {
    server = await startTestServer()
    for (const id of [1n, 2n]) await server.project(id, [{ version: '0.1' }])
    settled = await pack(1n)
    failed = await pack(1n)
    fresh = await pack(2n)
    await server.settle(settled)
    await server.fail(failed, 'the program trapped')
  })
  afterAll(() => server.stop())

  it('lists tasks newest first, by project and state, in pages', async () => {
    const list = async (query: string) => (await send(at(query))).json as V1['TaskPage']
    expect((await list('')).tasks.map(({ id }) => id)).toEqual([fresh, failed, settled])
    expect(schemas.taskPage.parse(await list(''))).toEqual(await list(''))
    expect((await list('?project=1')).tasks.map(({ id }) => id)).toEqual([failed, settled])
    expect((await list('?project=1&state=failed')).tasks.map(({ id }) => id)).toEqual([failed])
    const first = await list('?limit=2')
    expect(first).toMatchObject({ tasks: [{ id: fresh }, { id: failed }], next: failed })
    expect(await list(`?limit=2&before=${first.next}`)).toMatchObject({ tasks: [{ id: settled }], next: null })
  })

  it.each(['?project=x', '?state=lost', '?limit=0', '?limit=201', '?limit=x', '?before=1'])(
    'refuses the query %s, naming the field',
    async (query) => {
      const answer = await send(at(query))
      const field = query.slice(1, query.indexOf('='))
      expect([answer.status, answer.json]).toMatchObject([
        400,
        { error: expect.stringMatching(new RegExp(`^${field} `)) },
      ])
    },
  )

  it('shows a task with its states, and salt and members to tokens that may read alone', async () => {
    const open = (await send(at(`/${settled}`))).json
    expect(open).toMatchObject({
      id: settled,
      projectId: '1',
      state: 'settled',
      runtime: 'halo2',
      proof: { bytes: 11, bound: true },
      settlement: { chainId: '31337', blockNumber: '12', gasUsed: '361000' },
      states: [
        { state: 'packed' },
        { state: 'assigned' },
        { state: 'proved', result: '0xabcd' },
        { state: 'submitted' },
        { state: 'settled' },
      ],
    })
    expect(schemas.taskWithStates.parse(open)).toEqual(open)
    expect(open).not.toHaveProperty('salt')
    expect(open).not.toHaveProperty('messageIds')
    const authorization = await server.token(['read'], projectId(1))
    const members = await server.w3b.members(settled)
    expect((await send(at(`/${settled}`), { headers: { authorization } })).json).toMatchObject({
      salt: expect.stringMatching(/^0x/),
      messageIds: members,
    })
    expect((await send(at(`/${fresh}`), { headers: { authorization } })).json).not.toHaveProperty('salt')
  })

  it('gives the proof as bytes, once there is one', async () => {
    const proof = await send(at(`/${settled}/proof`))
    expect([proof.status, proof.headers['content-type'], proof.text]).toEqual([
      200,
      'application/octet-stream',
      'proof bytes',
    ])
    const early = await send(at(`/${fresh}/proof`))
    expect([early.status, early.json]).toMatchObject([404, { code: 'NOT_YET' }])
  })

  it('answers 404 for unknown tasks and 400 for what is no id', async () => {
    for (const what of ['', '/proof']) {
      expect((await send(at(`/${UNKNOWN}${what}`))).json).toMatchObject({ code: 'TASK_NOT_FOUND' })
      expect((await send(at(`/123${what}`))).json).toMatchObject({ code: 'INVALID_INPUT' })
    }
  })

  it('replays a failed task for operators alone', async () => {
    const replay = async (id: string, authorization?: string) =>
      send(at(`/${id}/replay`), {
        method: 'POST',
        ...(authorization === undefined ? {} : { headers: { authorization } }),
      })
    const anyone = await replay(failed)
    expect([anyone.status, anyone.headers['www-authenticate']]).toEqual([401, 'Bearer'])
    expect((await replay(failed, await server.token(['read', 'send']))).status).toBe(403)
    expect((await replay(failed, await server.token(['operate'], projectId(2)))).status).toBe(403)
    const operator = await server.token(['operate'], projectId(1))
    expect((await replay(UNKNOWN, operator)).status).toBe(404)
    expect((await replay(settled, operator)).json).toMatchObject({ code: 'ILLEGAL_TRANSITION' })
    const replayed = await replay(failed, operator)
    expect([replayed.status, replayed.json]).toMatchObject([200, { id: failed, state: 'assigned', failure: null }])
    const states = (await server.w3b.task(taskId(failed)))?.states
    expect(states?.find(({ actor }) => actor.startsWith('token:'))).toMatchObject({ state: 'packed' })
  })
})
