import { type MessageId, messageId, projectId } from '@w3bstream/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Caller } from '../Caller.ts'
import { EventReader } from '../EventReader.ts'
import type { HttpHost, MakeHttpHost } from '../HttpHost.ts'

const STREAM_MS = 6_000

/** Server-sent events: as they happen, resumed by `Last-Event-ID`, ended in time. */
export function eventSuite(make: MakeHttpHost): void {
  let host: HttpHost
  let caller: Caller
  const message = async (): Promise<MessageId> => {
    const answer = await caller.post('/v1/messages', { projectId: '1', data: 'x' })
    return messageId((answer.json as { messageId: string }).messageId)
  }
  const open = (id: MessageId, headers: Record<string, string> = {}) =>
    EventReader.open(caller, `/v1/messages/${id}/events`, headers)

  beforeAll(async () => {
    host = await make({ streamMs: STREAM_MS })
    caller = new Caller(host)
    await host.road.project(1n, [{ version: '0.1' }])
    await host.road.project(2n, [{ version: '0.1' }])
  })
  afterAll(() => host.stop())

  it("tells a message's states as they happen, and ends when its task is final", async () => {
    const id = await message()
    const stream = await open(id)
    expect(stream.response.status).toBe(200)
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(stream.response.headers.get('access-control-allow-origin')).toBe('*')
    await stream.until(({ events }) => events.length === 1)
    const task = await host.road.pack(1n)
    await stream.until(({ events }) => events.some(({ event }) => event === 'assigned'))
    await host.road.settle(task)
    await host.road.finalize(task)
    await stream.end()
    const names = ['received', 'packed', 'assigned', 'proved', 'submitted', 'settled', 'finalized']
    expect(stream.events.map(({ event }) => event)).toEqual(names)
    expect(stream.events.map((event) => event.id)).toEqual(['1', '2', '3', '4', '5', '6', '7'])
    expect(stream.events[5]?.data).toMatchObject({ messageId: id, taskId: task, result: `0x${'cd'.repeat(32)}` })
  })

  it('goes on after Last-Event-ID, and answers 204 when nothing more can come, after which browsers stay away', async () => {
    const id = await message()
    const task = await host.road.pack(1n)
    const first = await open(id)
    await first.until(({ events }) => events.length === 3)
    await first.leave()
    await host.road.fail(task, 'no proof')
    const second = await open(id, { 'last-event-id': '2' })
    await second.end()
    expect(second.events.map((event) => [event.id, event.event])).toEqual([
      ['3', 'assigned'],
      ['4', 'failed'],
    ])
    const after = (lastId: string) => caller.send(`/v1/messages/${id}/events`, { headers: { 'last-event-id': lastId } })
    const third = await after('4')
    expect([third.status, third.text, third.headers['access-control-allow-origin']]).toEqual([204, '', '*'])
    expect((await after('3')).text).toContain('id: 4\nevent: failed\n')
    await host.road.replay(task)
    const replayed = await open(id, { 'last-event-id': '4' })
    await replayed.until(({ events }) => events.at(-1)?.event === 'assigned')
    expect(replayed.events[0]?.id).toBe('5')
    await replayed.leave()
  })

  it('starts from the beginning after an id that it never gave', async () => {
    const stream = await open(await message(), { 'last-event-id': 'x' })
    await stream.until(({ events }) => events[0]?.event === 'received')
    await stream.leave()
  })

  it('ends a stream after its time', async () => {
    const stream = await open(await message())
    const started = performance.now()
    await stream.end()
    expect(performance.now() - started).toBeGreaterThanOrEqual(STREAM_MS - 500)
    expect(stream.events.map(({ event }) => event)).toEqual(['received'])
  })

  it('shows the steps of all tasks to tokens that may read, each its own project', async () => {
    const headers = { authorization: await host.road.token(['read']) }
    const limited = { authorization: await host.road.token(['read'], projectId(2)) }
    const all = await EventReader.open(caller, '/v1/events', headers)
    const other = await EventReader.open(caller, '/v1/events', limited)
    await all.until(({ text }) => text.includes('retry:'))
    await message()
    const task = await host.road.pack(1n)
    await all.until(({ events }) => events.some(({ event, data }) => event === 'assigned' && data.taskId === task))
    expect(other.events).toEqual([])
    await other.leave()
    await all.leave()
    const packed = all.events.find(({ event, data }) => event === 'packed' && data.taskId === task)?.id ?? ''
    const resumed = await EventReader.open(caller, '/v1/events?project=1', { ...headers, 'last-event-id': packed })
    await resumed.until(({ events }) => events.some(({ event, data }) => event === 'assigned' && data.taskId === task))
    expect(resumed.events.map((event) => event.id)).not.toContain(packed)
    await resumed.leave()
    expect((await caller.send('/v1/events')).status).toBe(401)
    expect((await caller.send('/v1/events?project=1', { headers: limited })).status).toBe(403)
  })
}
