import { type MessageId, messageId } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Caller } from '../testing/Caller.ts'
import { EventReader } from '../testing/EventReader.ts'
import { startTestServer, type TestServer } from '../testing/startTestServer.ts'

describe('event streams', () => {
  let server: TestServer
  let caller: Caller
  const streamMs = 1_500
  const message = async (): Promise<MessageId> => {
    const answer = await caller.post('/v1/messages', { projectId: '1', data: 'x' })
    return messageId((answer.json as { messageId: string }).messageId)
  }
  beforeAll(async () => {
    server = await startTestServer({ maxStreams: 3, streamMs, heartbeatMs: 50 })
    caller = new Caller({ origin: server.url, fetch: (request) => fetch(request) })
    await server.road.project(1n, [{ version: '0.1' }])
  })
  afterAll(() => server.stop())

  it('sends heartbeats while nothing happens, and ends after its time', async () => {
    const started = performance.now()
    const stream = await EventReader.open(caller, `/v1/messages/${await message()}/events`)
    await stream.until(({ text }) => text.split('\n\n').filter((part) => part === ':').length >= 3)
    await stream.end()
    expect(performance.now() - started).toBeGreaterThanOrEqual(streamMs - 50)
  })

  it('bounds how many are open, and counts those that left as closed', async () => {
    const path = `/v1/messages/${await message()}/events`
    const open = () => EventReader.open(caller, path)
    let streams: EventReader[] = []
    // Streams of earlier tests may still be closing.
    while (streams.length < 3) {
      const next = await open()
      if (next.response.status === 200) streams.push(next)
      else await next.end()
    }
    const refused = await caller.send(path)
    expect([refused.status, refused.json, refused.headers['retry-after']]).toMatchObject([
      503,
      { code: 'OVERLOADED' },
      '1',
    ])
    for (const stream of streams) await stream.leave()
    streams = []
    while (streams.length === 0) {
      const next = await open()
      if (next.response.status === 200) streams.push(next)
      else await next.end()
    }
    for (const stream of streams) await stream.leave()
  })
})
