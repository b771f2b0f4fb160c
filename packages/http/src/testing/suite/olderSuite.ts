import { type MessageId, messageId, projectId } from '@w3bstream/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Caller } from '../Caller.ts'
import type { HttpHost, MakeHttpHost } from '../HttpHost.ts'

const HUGE = 18446744073709551615n
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** Sprout's API. */
export function olderSuite(make: MakeHttpHost): void {
  let host: HttpHost
  let caller: Caller
  const idOf = (json: unknown): MessageId => messageId(String((json as { messageID: string }).messageID))
  const message = { projectID: 1, projectVersion: '0.1', data: '{"private_a":3}' }

  beforeAll(async () => {
    host = await make()
    caller = new Caller(host)
    await host.road.project(1n, [{ version: '0.1' }])
    await host.road.project(2n, [{ version: '0.1' }], { paused: true })
    await host.road.project(HUGE, [{ version: '0.1' }])
  })
  afterAll(() => host.stop())

  it('answers a post with the message id when the message is durable', async () => {
    const answer = await caller.post('/message', message)
    expect(answer.status).toBe(200)
    expect(Object.keys(answer.json as object)).toEqual(['messageID'])
    const stored = await host.road.stored(idOf(answer.json))
    expect(stored).toMatchObject({ projectId: 1n, version: '0.1', payload: message.data, auth: 'none', device: null })
  })

  it('matches field names without regard to case and needs no Content-Type', async () => {
    const answer = await caller.post('/message', { ProjectID: 1, PROJECTVERSION: '0.1', Data: 'x', extra: true })
    expect(answer.status).toBe(200)
    expect(await host.road.stored(idOf(answer.json))).toMatchObject({ payload: 'x' })
  })

  it('takes a body under any Content-Type', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await caller.post('/message', message, headers)).status).toBe(200)
  })

  it('keeps a project id beyond 2^53 digit for digit', async () => {
    const answer = await caller.post('/message', `{"projectID":${HUGE},"projectVersion":"0.1","data":"x"}`)
    expect(answer.status).toBe(200)
    expect((await host.road.stored(idOf(answer.json)))?.projectId).toBe(HUGE)
    const near = await caller.post('/message', `{"projectID":${HUGE - 1n},"projectVersion":"0.1","data":"x"}`)
    expect(near.json).toEqual({ error: `project config not exist, projectID ${HUGE - 1n}, version 0.1` })
  })

  it.each([
    ['projectID', { projectVersion: '0.1', data: 'x' }],
    ['projectID', { ...message, projectID: 0 }],
    ['projectID', { ...message, projectID: null }],
    ['projectID', { ...message, projectID: '1' }],
    ['projectID', { ...message, projectID: -1 }],
    ['projectID', { ...message, projectID: 1.5 }],
    ['projectID', { ...message, projectID: { id: 1 } }],
    ['projectVersion', { projectID: 1, data: 'x' }],
    ['projectVersion', { ...message, projectVersion: 1 }],
    ['projectVersion', { ...message, projectVersion: '0'.repeat(129) }],
    ['data', { projectID: 1, projectVersion: '0.1' }],
    ['data', { ...message, data: '' }],
    ['data', { ...message, data: { a: 1 } }],
  ])('names %s when it is missing or wrong: %j', async (field, body) => {
    const answer = await caller.post('/message', body)
    expect(answer.status).toBe(400)
    expect(answer.json).toEqual({ error: expect.stringContaining(field) })
  })

  it('refuses a project id of 2^64', async () => {
    const answer = await caller.post('/message', `{"projectID":${HUGE + 1n},"projectVersion":"0.1","data":"x"}`)
    expect([answer.status, answer.json]).toEqual([400, { error: expect.stringContaining('projectID') }])
  })

  it.each(['', 'not json', '[]', '"x"', 'null', '{"projectID":1', '{"a":'.repeat(50_000)])(
    'says of a body that is no JSON object just that (%#)',
    async (body) => {
      const answer = await caller.post('/message', body)
      expect([answer.status, answer.json]).toEqual([400, { error: 'The body is not a JSON object.' }])
    },
  )

  it.each([
    ['project', { ...message, projectID: 99999 }, 'project config not exist, projectID 99999, version 0.1'],
    ['version', { ...message, projectVersion: '9' }, 'project config not exist, projectID 1, version 9'],
  ])('refuses an unknown %s in the words of the original', async (_, body, error) => {
    const answer = await caller.post('/message', body)
    expect([answer.status, answer.json]).toEqual([400, { error }])
  })

  it('refuses messages of a paused project', async () => {
    const answer = await caller.post('/message', { ...message, projectID: 2 })
    expect([answer.status, answer.json]).toEqual([409, { error: expect.stringContaining('paused') }])
  })

  it('refuses a payload over the limit with 413, and takes one at it', async () => {
    expect((await caller.post('/message', { ...message, data: 'x'.repeat(2 ** 20) })).status).toBe(200)
    const over = await caller.post('/message', { ...message, data: 'x'.repeat(2 ** 20 + 1) })
    expect([over.status, over.json]).toEqual([413, { error: expect.stringContaining('data') }])
    const wide = await caller.post('/message', { ...message, data: 'é'.repeat(2 ** 19 + 1) })
    expect(wide.status).toBe(413)
  })

  it('refuses a body over the limit, whether it says its length or not', async () => {
    const big = `{"projectID":1,"projectVersion":"0.1","pad":"${'x'.repeat(3 * 2 ** 20)}","data":"x"}`
    expect((await caller.post('/message', big)).status).toBe(413)
    expect((await caller.send('/message', { method: 'POST', body: [big.slice(0, 100), big.slice(100)] })).status).toBe(
      413,
    )
  })

  it('takes a body in chunks', async () => {
    const text = JSON.stringify(message)
    const answer = await caller.send('/message', { method: 'POST', body: [text.slice(0, 9), text.slice(9)] })
    expect(answer.status).toBe(200)
  })

  it('stores half a surrogate pair as the replacement character that its hash was made of', async () => {
    const answer = await caller.post('/message', '{"projectID":1,"projectVersion":"0.1","data":"a\\ud800b"}')
    expect(await host.road.stored(idOf(answer.json))).toMatchObject({ payload: 'a\ufffdb' })
  })

  it('shows the states from received to outputted', async () => {
    const id = idOf((await caller.post('/message', message)).json)
    const received = { state: 'received', time: expect.stringMatching(TIME), comment: '', result: '' }
    expect((await caller.send(`/message/${id}`)).json).toEqual({ messageID: id, states: [received] })
    await host.road.pack(1n)
    const task = (await host.road.w3b.message(id))?.membership?.task
    if (task === undefined) throw new Error('the message was not packed')
    await host.road.settle(task)
    await host.road.finalize(task)
    const answer = (await caller.send(`/message/${id}`)).json as { states: { state: string; result: string }[] }
    expect(answer.states.map(({ state }) => state)).toEqual(['received', 'packed', 'dispatched', 'proved', 'outputted'])
    expect(answer.states[3]?.result).toBe('0xabcd')
    expect(answer.states[4]?.result).toBe(`0x${'cd'.repeat(32)}`)
  })

  it('shows why a task failed, until it is replayed', async () => {
    const id = idOf((await caller.post('/message', message)).json)
    await host.road.pack(1n)
    const task = (await host.road.w3b.message(id))?.membership?.task
    if (task === undefined) throw new Error('the message was not packed')
    await host.road.fail(task, 'the program trapped')
    const answer = (await caller.send(`/message/${id}`)).json as { states: unknown[] }
    expect(answer.states.at(-1)).toMatchObject({ state: 'failed', comment: 'the program trapped' })
    // Clients stop at the first `failed` that they see.
    await host.road.replay(task)
    const replayed = (await caller.send(`/message/${id}`)).json as { states: { state: string }[] }
    expect(replayed.states.map(({ state }) => state)).toEqual(['received', 'packed', 'dispatched'])
  })

  it.each(['019c0000-0000-7000-8000-000000000000', 'nonsense', '%F0'])(
    'answers 200 with no states for the unknown message %s',
    async (id) => {
      const answer = await caller.send(`/message/${id}`)
      expect([answer.status, (answer.json as { states: unknown }).states]).toEqual([200, null])
    },
  )

  it('shows a task by its number', async () => {
    await caller.post('/message', `{"projectID":${HUGE},"projectVersion":"0.1","data":"x"}`)
    await host.road.pack(HUGE)
    const [task] = (await host.road.w3b.tasks({ projectId: projectId(HUGE), limit: 1 })).tasks
    const number = task?.task.number
    const answer = await caller.send(`/task/${HUGE}/${number}`)
    expect(answer.status).toBe(200)
    expect(answer.text.startsWith(`{"taskID":${number},"projectID":${HUGE},"states":[{"state":"packed",`)).toBe(true)
  })

  it('answers 200 with no states for an unknown task, and 400 for what is no number', async () => {
    const unknown = await caller.send('/task/1/12345')
    expect([unknown.status, unknown.json]).toEqual([200, { taskID: 12345, projectID: 1, states: null }])
    expect((await caller.send('/task/x/1')).status).toBe(400)
    expect((await caller.send(`/task/1/${HUGE + 1n}`)).status).toBe(400)
  })

  it('takes a token with or without Bearer, and refuses a wrong one', async () => {
    const secret = await host.road.token(['send'])
    for (const authorization of [secret, `Bearer ${secret}`, `bearer ${secret}`]) {
      const answer = await caller.post('/message', message, { authorization })
      expect(answer.status).toBe(200)
      expect(await host.road.stored(idOf(answer.json))).toMatchObject({ auth: 'token', device: null })
      expect((await caller.send('/task/1/1', { headers: { authorization } })).status).toBe(200)
    }
    for (const authorization of ['wrong', 'Bearer wrong', 'Basic a b', `Bearer ${secret}x`]) {
      expect((await caller.post('/message', message, { authorization })).status).toBe(401)
      expect((await caller.send('/task/1/1', { headers: { authorization } })).status).toBe(401)
    }
  })

  it('refuses a token that may not send, or not to this project', async () => {
    for (const secret of [await host.road.token(['read']), await host.road.token(['send'], projectId(2))])
      expect((await caller.post('/message', message, { authorization: secret })).status).toBe(403)
  })

  it('gives the first answer again under the same idempotency key, for a token', async () => {
    const headers = { authorization: await host.road.token(['send']), 'idempotency-key': 'k-1' }
    const first = await caller.post('/message', message, headers)
    expect((await caller.post('/message', message, headers)).json).toEqual(first.json)
    const other = await caller.post('/message', { ...message, data: 'other' }, headers)
    expect(other.status).toBe(409)
  })
}
