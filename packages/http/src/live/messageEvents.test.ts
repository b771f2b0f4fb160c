import { get, type IncomingMessage } from 'node:http'
import { type MessageId, messageId, projectId, type TaskId } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post, send } from '../testing/send.ts'
import { startTestServer, type TestServer } from '../testing/startTestServer.ts'

interface Seen {
  readonly id: string
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Reads a stream of server-sent events as a client would. */
class EventReader {
  readonly response: IncomingMessage
  #text = ''

  constructor(response: IncomingMessage) {
    this.response = response
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      this.#text += chunk
    })
  }

  static open(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
    return new Promise((resolve, reject) => {
      get(url, { headers, agent: false }, (response) => resolve(new EventReader(response))).on('error', reject)
    })
  }

  get text(): string {
    return this.#text
  }

  get events(): Seen[] {
    return [...this.#text.matchAll(/id: (.*)\nevent: (.*)\ndata: (.*)\n\n/g)].map(
      ([, id = '', event = '', data = '']) => ({
        id,
        event,
        data: JSON.parse(data),
      }),
    )
  }

  /** Resolves when what was read so far satisfies. */
  async until(done: (reader: EventReader) => boolean): Promise<void> {
    while (!done(this)) {
      if (this.response.readableEnded || this.response.destroyed)
        throw new Error(`the stream ended after: ${this.#text}`)
      await new Promise((resolve) => this.response.once('data', resolve).once('end', resolve).once('close', resolve))
    }
  }

  async end(): Promise<void> {
    while (!this.response.readableEnded) await new Promise((resolve) => this.response.once('end', resolve))
  }
}

describe('event streams', () => {
  let server: TestServer
  const streamMs = 1_500
  const message = async (): Promise<MessageId> => {
    const answer = await post(`${server.url}/v1/messages`, { projectId: '1', data: 'x' })
    return messageId((answer.json as { messageId: string }).messageId)
  }
  const pack = async (): Promise<TaskId> => {
    const [id] = await server.w3b.packNow(projectId(1), '0.1')
    if (id === undefined) throw new Error('nothing was packed')
    return id
  }

  beforeAll(async () => {
    server = await startTestServer({ maxStreams: 3, streamMs, heartbeatMs: 50 })
    await server.project(1n, [{ version: '0.1' }])
  })
  afterAll(() => server.stop())

  it("tells a message's states as they happen, and ends when its task is final", async () => {
    const id = await message()
    const stream = await EventReader.open(`${server.url}/v1/messages/${id}/events`)
    expect(stream.response.statusCode).toBe(200)
    expect(stream.response.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(stream.response.headers['access-control-allow-origin']).toBe('*')
    await stream.until(({ events }) => events.length === 1)
    const task = await pack()
    await stream.until(({ events }) => events.some(({ event }) => event === 'assigned'))
    await server.settle(task)
    await server.finalize(task)
    await stream.end()
    const names = ['received', 'packed', 'assigned', 'proved', 'submitted', 'settled', 'finalized']
    expect(stream.events.map(({ event }) => event)).toEqual(names)
    expect(stream.events.map((event) => event.id)).toEqual(['1', '2', '3', '4', '5', '6', '7'])
    expect(stream.events[5]?.data).toMatchObject({ messageId: id, taskId: task, result: `0x${'cd'.repeat(32)}` })
  })

  it('goes on after Last-Event-ID, and answers 204 when nothing more can come, after which browsers stay away', async () => {
    const id = await message()
    const task = await pack()
    const first = await EventReader.open(`${server.url}/v1/messages/${id}/events`)
    await first.until(({ events }) => events.length === 3)
    first.response.destroy()
    await server.fail(task, 'no proof')
    const second = await EventReader.open(`${server.url}/v1/messages/${id}/events`, { 'last-event-id': '2' })
    await second.end()
    expect(second.events.map((event) => [event.id, event.event])).toEqual([
      ['3', 'assigned'],
      ['4', 'failed'],
    ])
    const after = (lastId: string) =>
      send(`${server.url}/v1/messages/${id}/events`, { headers: { 'last-event-id': lastId } })
    const third = await after('4')
    expect([third.status, third.text, third.headers['access-control-allow-origin']]).toEqual([204, '', '*'])
    expect((await after('3')).text).toContain('id: 4\nevent: failed\n')
    await server.w3b.replay(task, 'operator')
    const replayed = await EventReader.open(`${server.url}/v1/messages/${id}/events`, { 'last-event-id': '4' })
    await replayed.until(({ events }) => events.at(-1)?.event === 'assigned')
    expect(replayed.events[0]?.id).toBe('5')
    replayed.response.destroy()
  })

  it('starts from the beginning after an id that it never gave', async () => {
    const id = await message()
    const stream = await EventReader.open(`${server.url}/v1/messages/${id}/events`, { 'last-event-id': 'x' })
    await stream.until(({ events }) => events[0]?.event === 'received')
    stream.response.destroy()
  })

  it('sends heartbeats while nothing happens, and ends after its time', async () => {
    const started = performance.now()
    const stream = await EventReader.open(`${server.url}/v1/messages/${await message()}/events`)
    await stream.until(({ text }) => text.split('\n\n').filter((part) => part === ':').length >= 3)
    await stream.end()
    expect(performance.now() - started).toBeGreaterThanOrEqual(streamMs - 50)
  })

  it('shows the steps of all tasks to tokens that may read, each its own project', async () => {
    await server.project(2n, [{ version: '0.1' }])
    const headers = { authorization: await server.token(['read']) }
    const limited = { authorization: await server.token(['read'], projectId(2)) }
    const all = await EventReader.open(`${server.url}/v1/events`, headers)
    const other = await EventReader.open(`${server.url}/v1/events`, limited)
    await all.until(({ text }) => text.includes(':\n\n'))
    await message()
    const task = await pack()
    await all.until(({ events }) => events.some(({ data }) => data.taskId === task))
    expect(other.events).toEqual([])
    other.response.destroy()
    all.response.destroy()
    const last = all.events[0]?.id ?? ''
    const resumed = await EventReader.open(`${server.url}/v1/events?project=1`, { ...headers, 'last-event-id': last })
    await resumed.until(({ events }) => events.some(({ event }) => event === 'assigned'))
    expect(resumed.events.map((event) => event.id)).not.toContain(last)
    resumed.response.destroy()
    expect((await send(`${server.url}/v1/events`)).status).toBe(401)
    expect((await send(`${server.url}/v1/events?project=1`, { headers: limited })).status).toBe(403)
  })

  it('bounds how many are open, and counts those that left as closed', async () => {
    const url = `${server.url}/v1/messages/${await message()}/events`
    const open = () => EventReader.open(url)
    let streams: EventReader[] = []
    // Streams of earlier tests may still be closing.
    while (streams.length < 3) {
      const next = await open()
      if (next.response.statusCode === 200) streams.push(next)
      else await next.end()
    }
    const refused = await send(url)
    expect([refused.status, refused.json, refused.headers['retry-after']]).toMatchObject([
      503,
      { code: 'OVERLOADED' },
      '1',
    ])
    for (const stream of streams) stream.response.destroy()
    streams = []
    while (streams.length === 0) {
      const next = await open()
      if (next.response.statusCode === 200) streams.push(next)
      else await next.end()
    }
    for (const stream of streams) stream.response.destroy()
  })
})
