import { LocalSigner } from '@w3bstream/chain'
import { keccak256, projectId, type TaskId } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, post, send } from '../testing/send.ts'
import { startTestServer, type TestServer } from '../testing/startTestServer.ts'

const HUGE = 18446744073709551615n
const device = LocalSigner.fromHex('11'.repeat(32))
const did = `did:io:${device.address.slice(2)}`

/** Signs the JSON as Go writes it, given as text so that nothing of ours has a part in it. */
const sign = (signed: string): string => device.signNow(keccak256(new TextEncoder().encode(signed)))

describe('the later W3bstream API', () => {
  let server: TestServer
  const at = (path: string): string => `${server.url}${path}`
  const signed = (data: string, project: bigint | number = 1): string =>
    `{"projectID":${project},"projectVersion":"0.1","data":"${data}"}`
  const stored = async (project = 1n) =>
    (
      await server.store.messages.read({ projectId: projectId(project), version: '0.1' }, 0, {
        count: 1000,
        bytes: 1e9,
      })
    )
      .map(({ message }) => message)
      .at(-1)
  /** Posts what was signed, with the signature as its last field. */
  const postSigned = (text: string, signature = sign(text)): Promise<Answer> =>
    post(at('/message'), `${text.slice(0, -1)},"signature":"${signature}"}`)

  beforeAll(async () => {
    server = await startTestServer()
    await server.project(1n, [{ version: '0.1', aggregation: { amount: 3 } }])
    await server.project(2n, [{ version: '0.1', devices: { legacyReplay: 'reject' } }])
    await server.project(3n, [{ version: '0.1' }])
    await server.project(HUGE, [{ version: '0.1' }])
  })
  afterAll(() => server.stop())

  it('answers {} until a post fills the batch, and that one with the task', async () => {
    const answers = []
    for (const data of ['a', 'b', 'c', 'd']) answers.push(await postSigned(signed(data)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(answers.map(({ json }) => Object.keys(json as object))).toEqual([[], [], ['taskID'], []])
    expect(answers[2]?.json).toEqual({ taskID: expect.stringMatching(/^0x[0-9a-f]{64}$/) })
    expect(await stored()).toMatchObject({ auth: 'legacy', device: did, nonce: null })
  })

  it('answers each task to the one post that filled it, though the sequencer packs first', async () => {
    const packing: Promise<unknown>[] = []
    const racing: TestServer = await startTestServer(
      {},
      {},
      { accepted: (project) => packing.push(racing.w3b.packNow(project, '0.1')) },
    )
    try {
      await racing.project(1n, [{ version: '0.1', aggregation: { amount: 3 } }])
      const posts = Array.from({ length: 24 }, (_, i) => `reading ${i}`)
      const answers = await Promise.all(
        posts.map(async (data) => {
          const text = signed(data)
          const { json } = await post(`${racing.url}/message`, `${text.slice(0, -1)},"signature":"${sign(text)}"}`)
          return { data, task: (json as { taskID?: string }).taskID }
        }),
      )
      await Promise.all(packing)
      const tasks = await racing.w3b.tasks({ limit: 100 })
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

  it.each([
    ['markup', '\\u003ca href=1\\u003e \\u0026 more', '<a href=1> & more'],
    ['line separators', 'a\\u2028b\\u2029c', 'a\u2028b\u2029c'],
    ['quotes and control characters', '{\\"t\\":1}\\n\\t\\u0001\\\\', '{"t":1}\n\t\u0001\\'],
    ['letters of all planes', 'äß漢😀', 'äß漢😀'],
  ])("takes a signature over Go's JSON with %s, however the client itself escapes", async (_, go, data) => {
    const signature = sign(signed(go))
    const plain = JSON.stringify({ projectID: 1, projectVersion: '0.1', data, signature })
    expect((await post(at('/message'), plain)).status).toBe(200)
    expect(await stored()).toMatchObject({ device: did, payload: data })
    expect((await postSigned(signed(go), signature)).status).toBe(200)
    expect(await stored()).toMatchObject({ device: did, payload: data })
  })

  it('takes a signature over a project id beyond 2^53', async () => {
    expect((await postSigned(signed('x', HUGE))).status).toBe(200)
    expect(await stored(HUGE)).toMatchObject({ device: did, projectId: HUGE })
  })

  it('takes 0 and 1 as well as 27 and 28 for the last byte', async () => {
    const seen = new Set<string>()
    for (let i = 0; seen.size < 2; i++) {
      const text = signed(`v${i}`)
      const signature = sign(text)
      const last = signature.slice(-2)
      if (seen.has(last)) continue
      seen.add(last)
      const bare = `${signature.slice(0, -2)}${last === '1b' ? '00' : '01'}`
      for (const form of [signature, bare, signature.toUpperCase().replace('0X', '0x')]) {
        expect((await postSigned(text, form)).status).toBe(200)
        expect(await stored()).toMatchObject({ device: did, payload: `v${i}` })
      }
    }
  })

  it('matches the field names of this form without regard to case, too', async () => {
    const signature = sign(signed('case'))
    const answer = await post(at('/message'), {
      ProjectID: 1,
      ProjectVersion: '0.1',
      DATA: 'case',
      Signature: signature,
    })
    expect(answer.status).toBe(200)
    expect(await stored()).toMatchObject({ auth: 'legacy', device: did })
  })

  it.each([
    ['of another length', '0x1234'],
    ['empty', ''],
    ['not hex', `0x${'zz'.repeat(65)}`],
    ['without 0x', '12'.repeat(65)],
    ['of zeros', `0x${'00'.repeat(65)}`],
    ['with a last byte of 2', `0x${'11'.repeat(64)}02`],
  ])('refuses a signature that is %s with 401', async (_, signature) => {
    const before = await stored()
    expect((await postSigned(signed('wrong'), signature)).status).toBe(401)
    expect(await stored()).toEqual(before)
  })

  it('refuses a signature that is no string, and takes null for none', async () => {
    const body = { projectID: 1, projectVersion: '0.1', data: 'x' }
    expect((await post(at('/message'), { ...body, signature: 5 })).status).toBe(400)
    expect(Object.keys((await post(at('/message'), { ...body, signature: null })).json as object)).toEqual([
      'messageID',
    ])
  })

  it("does not take one device's signature for another message of it", async () => {
    const answer = await postSigned(signed('other data'), sign(signed('data')))
    // It recovers to some other key: a message of that device, never of this one.
    if (answer.status === 200) expect((await stored())?.device).not.toBe(did)
    else expect(answer.status).toBe(401)
  })

  it('accepts a repeated message by default, and refuses it where the project says so', async () => {
    for (const project of [1, 1]) expect((await postSigned(signed('again', project))).status).toBe(200)
    expect(server.told).toContainEqual({ what: 'w3b_legacy_replays_total', fields: { project: '1' } })
    expect((await postSigned(signed('once', 2))).status).toBe(200)
    expect((await postSigned(signed('once', 2))).status).toBe(401)
    expect((await postSigned(signed('twice', 2))).status).toBe(200)
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
    const [task] = await server.w3b.tasks({ projectId: projectId(3), limit: 1 })
    if (task === undefined) throw new Error('there is no task')
    await server.settle(task.id)
    const settled = (await send(at('/task'), { body: [body.slice(0, 5), body.slice(5)] })).json as { states: unknown[] }
    expect(settled.states.at(-1)).toMatchObject({ state: 'settled', transaction_hash: `0x${'cd'.repeat(32)}` })
    const byQuery = await send(at(`/task?projectID=3&taskID=${taskID}`))
    expect(byQuery.json).toEqual(settled)
  })

  it('shows the reason of a failed task as its error, until it is replayed', async () => {
    const { taskID } = (await postSigned(signed('fail', 3))).json as { taskID: string }
    const [task] = await server.w3b.tasks({ projectId: projectId(3), limit: 1 })
    if (task === undefined) throw new Error('there is no task')
    await server.fail(task.id, 'no proof')
    const answer = (await send(at('/task'), { body: JSON.stringify({ ProjectID: 3, TaskID: taskID }) })).json
    expect((answer as { states: unknown[] }).states.at(-1)).toMatchObject({ state: 'failed', error: 'no proof' })
    // Clients stop at the first `failed` that they see.
    await server.w3b.replay(task.id, 'operator')
    const replayed = (await send(at(`/task?projectID=3&taskID=${taskID}`))).json as { states: { state: string }[] }
    expect(replayed.states.map(({ state }) => state)).toEqual(['packed', 'assigned'])
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

  it("does not show a task under another project's id", async () => {
    const { taskID } = (await postSigned(signed('mine', 3))).json as { taskID: string }
    expect((await send(at('/task'), { body: JSON.stringify({ projectID: 1, taskID }) })).status).toBe(404)
  })
})
