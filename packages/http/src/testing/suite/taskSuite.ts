import { projectId, type TaskId, taskId } from '@w3bstream/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { V1 } from '../../client.ts'
import { schemas } from '../../v1/schemas.ts'
import { Caller } from '../Caller.ts'
import type { HttpHost, MakeHttpHost } from '../HttpHost.ts'
import { CODE } from '../TestRoad.ts'

const UNKNOWN = `0x${'ab'.repeat(32)}`
const HUGE = 18446744073709551615n

/** `/v1/tasks` and `/v1/projects`. */
export function taskSuite(make: MakeHttpHost): void {
  let host: HttpHost
  let caller: Caller
  let settled: TaskId
  let failed: TaskId
  let fresh: TaskId
  const at = (path: string): string => `/v1/tasks${path}`
  const pack = async (project: bigint): Promise<TaskId> => {
    await caller.post('/v1/messages', { projectId: project.toString(), data: 'x' })
    return host.road.pack(project)
  }

  beforeAll(async () => {
    host = await make()
    caller = new Caller(host)
    for (const id of [1n, 2n]) await host.road.project(id, [{ version: '0.1' }])
    const inputs = { scheme: 'poseidon-bn254', capacity: 4, fields: [{ name: 't', scale: 1, min: -400, max: 600 }] }
    await host.road.project(HUGE, [{ version: '0.1', inputs, aggregation: { amount: 4 } }])
    settled = await pack(1n)
    failed = await pack(1n)
    fresh = await pack(2n)
    await host.road.settle(settled)
    await host.road.fail(failed, 'the program trapped')
  })
  afterAll(() => host.stop())

  it('lists tasks newest first, by project and state, in pages', async () => {
    const list = async (query: string) => (await caller.send(at(query))).json as V1['TaskPage']
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
      const answer = await caller.send(at(query))
      const field = query.slice(1, query.indexOf('='))
      expect([answer.status, answer.json]).toMatchObject([
        400,
        { error: expect.stringMatching(new RegExp(`^${field} `)) },
      ])
    },
  )

  it('shows a task with its states, and salt and members to tokens that may read alone', async () => {
    const open = (await caller.send(at(`/${settled}`))).json
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
    const authorization = await host.road.token(['read'], projectId(1))
    const members = await host.road.w3b.members(settled)
    expect(members).toHaveLength(1)
    expect((await caller.send(at(`/${settled}`), { headers: { authorization } })).json).toMatchObject({
      salt: expect.stringMatching(/^0x/),
      messageIds: members,
    })
    expect((await caller.send(at(`/${fresh}`), { headers: { authorization } })).json).not.toHaveProperty('salt')
  })

  it('gives the proof as bytes, once there is one', async () => {
    const proof = await caller.send(at(`/${settled}/proof`))
    expect([proof.status, proof.headers['content-type'], proof.text]).toEqual([
      200,
      'application/octet-stream',
      'proof bytes',
    ])
    const early = await caller.send(at(`/${fresh}/proof`))
    expect([early.status, early.json]).toMatchObject([404, { code: 'NOT_YET' }])
  })

  it('answers 404 for unknown tasks and 400 for what is no id', async () => {
    for (const what of ['', '/proof']) {
      expect((await caller.send(at(`/${UNKNOWN}${what}`))).json).toMatchObject({ code: 'TASK_NOT_FOUND' })
      expect((await caller.send(at(`/123${what}`))).json).toMatchObject({ code: 'INVALID_INPUT' })
    }
  })

  it('replays a failed task for operators alone', async () => {
    const replay = async (id: string, authorization?: string) =>
      caller.send(at(`/${id}/replay`), {
        method: 'POST',
        ...(authorization === undefined ? {} : { headers: { authorization } }),
      })
    const anyone = await replay(failed)
    expect([anyone.status, anyone.headers['www-authenticate']]).toEqual([401, 'Bearer'])
    expect((await replay(failed, await host.road.token(['read', 'send']))).status).toBe(403)
    expect((await replay(failed, await host.road.token(['operate'], projectId(2)))).status).toBe(403)
    const operator = await host.road.token(['operate'], projectId(1))
    expect((await replay(UNKNOWN, operator)).status).toBe(404)
    expect((await replay(settled, operator)).json).toMatchObject({ code: 'ILLEGAL_TRANSITION' })
    const replayed = await replay(failed, operator)
    // Where another unit assigns, it is back at `packed` until that unit looks.
    expect([replayed.status, replayed.json]).toMatchObject([
      200,
      { id: failed, state: expect.stringMatching(/^(packed|assigned)$/), failure: null },
    ])
    const states = (await host.road.w3b.task(taskId(failed)))?.states
    expect(states?.find(({ actor }) => actor.startsWith('token:'))).toMatchObject({ state: 'packed' })
  })

  it('lists and shows projects, without their code', async () => {
    const record = { id: HUGE.toString(), paused: false, block: '7' }
    const { projects } = (await caller.send('/v1/projects')).json as V1['Projects']
    expect(projects.map(({ id }) => id).sort()).toEqual(['1', HUGE.toString(), '2'])
    expect(projects).toContainEqual(expect.objectContaining(record))
    const one = await caller.send(`/v1/projects/${HUGE}`)
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
    expect((await caller.send('/v1/projects/5')).json).toMatchObject({ code: 'PROJECT_NOT_FOUND' })
    expect((await caller.send('/v1/projects/x')).json).toMatchObject({ code: 'INVALID_INPUT' })
  })

  it('says so where nothing publishes', async () => {
    const answer = await caller.post('/v1/projects', '[]', { authorization: await host.road.token(['operate']) })
    // Not `w3b project publish`, which is what asked.
    const hint = expect.not.stringContaining('w3b project publish')
    expect([answer.status, answer.json]).toMatchObject([501, { code: 'NOT_CONFIGURED', hint }])
    expect(answer.json).toMatchObject({ hint: expect.stringContaining('createProject') })
    expect((await caller.post('/v1/projects', '[]')).status).toBe(401)
  })
}
