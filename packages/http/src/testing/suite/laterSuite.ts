import { LocalSigner } from '@w3bstream/chain'
import { keccak256, type TaskId, taskId } from '@w3bstream/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Answer, Caller } from '../Caller.ts'
import type { HttpHost, MakeHttpHost } from '../HttpHost.ts'

const HUGE = 18446744073709551615n
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const device = LocalSigner.fromHex('11'.repeat(32))
const did = `did:io:${device.address.slice(2)}`

/** Signs the JSON as Go writes it, given as text so that nothing of ours has a part in it. */
const sign = (signed: string): string => device.signNow(keccak256(new TextEncoder().encode(signed)))

/** The later W3bstream API, on the same paths. */
export function laterSuite(make: MakeHttpHost): void {
  let host: HttpHost
  let caller: Caller
  const signed = (data: string, project: bigint | number = 1): string =>
    `{"projectID":${project},"projectVersion":"0.1","data":"${data}"}`
  const stored = (project = 1n) => host.road.last(project)
  /** Posts what was signed, with the signature as its last field. */
  const postSigned = (text: string, signature = sign(text)): Promise<Answer> =>
    caller.post('/message', `${text.slice(0, -1)},"signature":"${signature}"}`)

  /** Posts a message that fills a batch of project 3. @returns its task */
  const packed = async (text: string): Promise<TaskId> => {
    const { json } = await postSigned(text)
    return host.packsOnPost ? taskId((json as { taskID: string }).taskID) : host.road.pack(3n)
  }

  beforeAll(async () => {
    host = await make()
    caller = new Caller(host)
    await host.road.project(1n, [{ version: '0.1', aggregation: { amount: 3 } }])
    await host.road.project(2n, [{ version: '0.1', devices: { legacyReplay: 'reject' } }])
    await host.road.project(3n, [{ version: '0.1' }])
    await host.road.project(HUGE, [{ version: '0.1' }])
  })
  afterAll(() => host.stop())

  it('answers {}, and, where posts pack, the task to the one that filled it', async () => {
    const answers = []
    for (const data of ['a', 'b', 'c', 'd']) answers.push(await postSigned(signed(data)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const keys = host.packsOnPost ? [[], [], ['taskID'], []] : [[], [], [], []]
    expect(answers.map(({ json }) => Object.keys(json as object))).toEqual(keys)
    expect(await stored()).toMatchObject({ auth: 'legacy', device: did, nonce: null })
  })

  it.each([
    ['markup', '\\u003ca href=1\\u003e \\u0026 more', '<a href=1> & more'],
    ['line separators', 'a\\u2028b\\u2029c', 'a\u2028b\u2029c'],
    ['quotes and control characters', '{\\"t\\":1}\\n\\t\\u0001\\\\', '{"t":1}\n\t\u0001\\'],
    ['letters of all planes', 'äß漢😀', 'äß漢😀'],
  ])("takes a signature over Go's JSON with %s, however the client itself escapes", async (_, go, data) => {
    const signature = sign(signed(go))
    const plain = JSON.stringify({ projectID: 1, projectVersion: '0.1', data, signature })
    expect((await caller.post('/message', plain)).status).toBe(200)
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
    const answer = await caller.post('/message', {
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
    expect((await caller.post('/message', { ...body, signature: 5 })).status).toBe(400)
    expect(Object.keys((await caller.post('/message', { ...body, signature: null })).json as object)).toEqual([
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
    expect((await postSigned(signed('once', 2))).status).toBe(200)
    expect((await postSigned(signed('once', 2))).status).toBe(401)
    expect((await postSigned(signed('twice', 2))).status).toBe(200)
  })

  it('shows a task by query parameters', async () => {
    const taskID = await packed(signed('get', 3))
    const fresh = await caller.send(`/task?projectID=3&taskID=${taskID}`)
    expect([fresh.status, fresh.json]).toEqual([
      200,
      {
        projectID: 3,
        taskID,
        states: [
          { state: 'packed', time: expect.stringMatching(TIME) },
          {
            state: 'assigned',
            time: expect.stringMatching(TIME),
            comment: 'attempt 1 by prover-1',
            prover_id: expect.stringMatching(/^did:io:[0-9a-f]{40}$/),
          },
        ],
      },
    ])
    await host.road.settle(taskID)
    const settled = (await caller.send(`/task?ProjectID=3&TaskID=${taskID}`)).json as { states: unknown[] }
    expect(settled.states.at(-1)).toMatchObject({ state: 'settled', transaction_hash: `0x${'cd'.repeat(32)}` })
  })

  it('shows the reason of a failed task as its error, until it is replayed', async () => {
    const taskID = await packed(signed('fail', 3))
    await host.road.fail(taskID, 'no proof')
    const answer = (await caller.send(`/task?projectID=3&taskID=${taskID}`)).json
    expect((answer as { states: unknown[] }).states.at(-1)).toMatchObject({ state: 'failed', error: 'no proof' })
    // Clients stop at the first `failed` that they see.
    await host.road.replay(taskID)
    const replayed = (await caller.send(`/task?projectID=3&taskID=${taskID}`)).json as { states: { state: string }[] }
    expect(replayed.states.map(({ state }) => state)).toEqual(['packed', 'assigned'])
  })

  it.each([
    [400, 'projectID', ''],
    [400, 'taskID', '?projectID=1'],
    [400, 'taskID', '?projectID=1&taskID=0x12'],
    [404, 'does not exist', `?projectID=1&taskID=0x${'ab'.repeat(32)}`],
  ])('answers %i, naming %s, to a wrong query', async (status, words, query) => {
    const answer = await caller.send(`/task${query}`)
    expect([answer.status, answer.json]).toEqual([status, { error: expect.stringContaining(words) }])
  })

  it("does not show a task under another project's id", async () => {
    const taskID = await packed(signed('mine', 3))
    expect((await caller.send(`/task?projectID=1&taskID=${taskID}`)).status).toBe(404)
  })
}
