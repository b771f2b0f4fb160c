import { type TaskId, taskId } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { send } from '../testing/send.ts'
import { startTestServer, type TestServer } from '../testing/startTestServer.ts'

describe('/v1/tasks', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server.stop())

  it('goes on where the store stopped looking, also after a page that is short or empty', async () => {
    const place: TaskId = taskId(`0x${'5e'.repeat(32)}`)
    const list = vi.spyOn(server.store.tasks, 'list')
    list.mockResolvedValueOnce({ tasks: [], next: place })
    const path = `${server.url}/v1/tasks?project=7&state=failed&limit=3`
    expect((await send(path)).json).toEqual({ tasks: [], next: place })
    expect((await send(`${path}&before=${place}`)).json).toEqual({ tasks: [], next: null })
    expect(list).toHaveBeenLastCalledWith({ projectId: 7n, state: 'failed', limit: 3, before: place })
  })
})
