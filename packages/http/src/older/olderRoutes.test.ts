import { projectId } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { post, send } from '../testing/send.ts'
import { startTestServer } from '../testing/startTestServer.ts'

describe('quotas', () => {
  it('answers 429 with Retry-After when an address, token or project is over', async () => {
    const server = await startTestServer({ quotas: { perAddress: { perSecond: 0.5, burst: 2 } } })
    try {
      await server.road.project(1n, [{ version: '0.1' }])
      const message = { projectID: 1, projectVersion: '0.1', data: 'x' }
      const answers = []
      for (let i = 0; i < 3; i++) answers.push(await post(`${server.url}/message`, message))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
      expect(answers[2]?.headers['retry-after']).toBe('2')
      server.clock.at += 2_000
      expect((await post(`${server.url}/message`, message)).status).toBe(200)
    } finally {
      await server.stop()
    }
  })

  it('counts reads without a token against the address, and none of those with one', async () => {
    const server = await startTestServer({ quotas: { perAddress: { perSecond: 0.5, burst: 1 } } })
    try {
      await server.road.project(1n, [{ version: '0.1' }])
      const message = { projectID: 1, projectVersion: '0.1', data: 'x' }
      const { messageID } = (await post(`${server.url}/message`, message)).json as { messageID: string }
      const [task] = await server.w3b.packNow(projectId(1), '0.1')
      if (task === undefined) throw new Error('nothing was packed')
      // So that its stream of events ends.
      await server.road.fail(task, 'no proof')
      const headers = { authorization: await server.road.token(['read']) }
      const v1 = ['', '/receipt', '/inclusion', '/events'].map((what) => `/v1/messages/${messageID}${what}`)
      const tasks = ['/v1/tasks', `/v1/tasks/${task}`, `/v1/tasks/${task}/proof`]
      const older = [`/message/${messageID}`, '/task/1/1', `/task?projectID=1&taskID=${task}`]
      for (const path of [...v1, ...tasks, ...older]) {
        const ask = () => send(`${server.url}${path}`)
        server.clock.at += 2_000
        const [first, second] = [await ask(), await ask()]
        expect([path, first.status === 429, second.status, second.headers['retry-after']]).toEqual([
          path,
          false,
          429,
          '2',
        ])
      }
      for (const path of [...v1.slice(0, 3), ...tasks.slice(0, 2), '/task/1/1'])
        expect([path, (await send(`${server.url}${path}`, { headers })).status]).toEqual([path, 200])
    } finally {
      await server.stop()
    }
  })

  it("counts a token's messages and failed attempts at one", async () => {
    const server = await startTestServer({
      quotas: { perAddress: { perSecond: 1, burst: 3 }, perToken: { perSecond: 1, burst: 1 } },
    })
    try {
      await server.road.project(1n, [{ version: '0.1' }])
      const authorization = await server.road.token(['send'])
      const message = { projectID: 1, projectVersion: '0.1', data: 'x' }
      expect((await post(`${server.url}/message`, message, { authorization })).status).toBe(200)
      const over = await post(`${server.url}/message`, message, { authorization })
      expect([over.status, over.json]).toEqual([429, { error: expect.stringContaining('token') }])
      const wrong = { headers: { authorization: 'wrong' } }
      expect((await send(`${server.url}/task/1/1`, wrong)).status).toBe(401)
      expect((await send(`${server.url}/task/1/1`, wrong)).status).toBe(429)
    } finally {
      await server.stop()
    }
  })
})
