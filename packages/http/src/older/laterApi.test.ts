import { LocalSigner } from '@w3bstream/chain'
import { keccak256, projectId, type TaskId } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, post, send } from '../testing/send.ts'
import { startTestServer, type TestServer } from '../testing/startTestServer.ts'

const device = LocalSigner.fromHex('11'.repeat(32))

/** Signs the JSON as Go writes it, given as text so that nothing of ours has a part in it. */
const sign = (signed: string): string => device.signNow(keccak256(new TextEncoder().encode(signed)))

describe('the later W3bstream API', () => {
  let server: TestServer
  const at = (path: string): string => `${server.url}${path}`
  const signed = (data: string, project = 1): string =>
    `{"projectID":${project},"projectVersion":"0.1","data":"${data}"}`
  /** Posts what was signed, with the signature as its last field. */
  const postSigned = (text: string, signature = sign(text)): Promise<Answer> =>
    post(at('/message'), `${text.slice(0, -1)},"signature":"${signature}"}`)

  beforeAll(async () => {
    server = await startTestServer()
    await server.road.project(1n, [{ version: '0.1', aggregation: { amount: 3 } }])
    await server.road.project(3n, [{ version: '0.1' }])
  })
  afterAll(() => server.stop())

  it('answers each task to the one post that filled it, though the sequencer packs first', async () => {
    const packing: Promise<unknown>[] = []
    const racing: TestServer = await startTestServer(
      {},
      {},
      { accepted: (project) => packing.push(racing.w3b.packNow(project, '0.1')) },
    )
    try {
      await racing.road.project(1n, [{ version: '0.1', aggregation: { amount: 3 } }])
      const posts = Array.from({ length: 24 }, (_, i) => `reading ${i}`)
      const answers = await Promise.all(
        posts.map(async (data) => {
          const text = signed(data)
          const { json } = await post(`${racing.url}/message`, `${text.slice(0, -1)},"signature":"${sign(text)}"}`)
          return { data, task: (json as { taskID?: string }).taskID }
        }),
      )
      await Promise.all(packing)
      const { tasks } = await racing.w3b.tasks({ limit: 100 })
      expect(tasks).toHaveLength(8)
      const lastOf = async (task: TaskId) => {
        const id = (await racing.w3b.members(task)).at(-1)
        return id === undefined ? null : (await racing.store.messages.get(id))?.payload
      }
      const filled = await Promise.all(tasks.map(async ({ id }) => ({ data: await lastOf(id), task: id as string })))
      const order = (a: { task?: string | undefined }, b: { task?: string | undefined }) =>
        (a.task ?? '').localeCompare(b.task ?? '')
      expect(answers.filter(({ task }) => task !== undefined).sort(order)).toEqual(filled.sort(order))
    } finally {
      await racing.stop()
    }
  })

  it('counts a repeated message', async () => {
    for (const project of [1, 1]) expect((await postSigned(signed('again', project))).status).toBe(200)
    expect(server.told.map(({ what }) => what)).toContain('w3b_legacy_replays_total')
  })

  it('shows a task to a GET with a body', async () => {
    const { taskID } = (await postSigned(signed('get', 3))).json as { taskID: string }
    const body = JSON.stringify({ projectID: 3, taskID })
    const fresh = await send(at('/task'), { body })
    expect([fresh.status, fresh.json]).toEqual([
      200,
      {
        projectID: 3,
        taskID,
        states: [
          { state: 'packed', time: '2026-01-02T03:04:05.678Z' },
          {
            state: 'assigned',
            time: '2026-01-02T03:04:05.678Z',
            comment: 'attempt 1 by prover-1',
            prover_id: expect.stringMatching(/^did:io:[0-9a-f]{40}$/),
          },
        ],
      },
    ])
    const [task] = (await server.w3b.tasks({ projectId: projectId(3), limit: 1 })).tasks
    if (task === undefined) throw new Error('there is no task')
    await server.road.settle(task.id)
    const settled = (await send(at('/task'), { body: [body.slice(0, 5), body.slice(5)] })).json as { states: unknown[] }
    expect(settled.states.at(-1)).toMatchObject({ state: 'settled', transaction_hash: `0x${'cd'.repeat(32)}` })
    const byQuery = await send(at(`/task?projectID=3&taskID=${taskID}`))
    expect(byQuery.json).toEqual(settled)
  })

  it.each([
    [400, 'projectID', '{}'],
    [400, 'taskID', '{"projectID":1}'],
    [400, 'taskID', '{"projectID":1,"taskID":"0x12"}'],
    [400, 'JSON', 'x'],
    [404, 'does not exist', `{"projectID":1,"taskID":"0x${'ab'.repeat(32)}"}`],
    [413, 'too large', `{"projectID":1,"pad":"${'x'.repeat(20_000)}"}`],
  ])('answers %i, naming %s, to a GET with a wrong body', async (status, words, body) => {
    const answer = await send(at('/task'), { body })
    expect([answer.status, answer.json]).toEqual([status, { error: expect.stringContaining(words) }])
  })
})
