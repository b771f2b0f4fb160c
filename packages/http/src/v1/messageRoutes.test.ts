import { describe, expect, it } from 'vitest'
import type { V1 } from '../client.ts'
import { post } from '../testing/send.ts'
import { startTestServer } from '../testing/startTestServer.ts'
import { schemas } from './schemas.ts'

describe('quotas of a batch', () => {
  it('count each of its messages', async () => {
    const server = await startTestServer({ quotas: { perAddress: { perSecond: 1, burst: 5 } } })
    try {
      await server.road.project(1n, [{ version: '0.1' }])
      const batch = (size: number) =>
        post(`${server.url}/v1/messages/batch`, {
          messages: Array.from({ length: size }, () => ({ projectId: '1', data: 'x' })),
        })
      expect((await batch(5)).status).toBe(200)
      server.clock.at += 3_000
      const over = await batch(4)
      expect([over.status, over.json, over.headers['retry-after']]).toMatchObject([
        429,
        { code: 'QUOTA_EXCEEDED' },
        '1',
      ])
      expect((await batch(2)).status).toBe(200)
    } finally {
      await server.stop()
    }
  })

  it('says of those that a quota refused when to send them again', async () => {
    const server = await startTestServer({}, {}, { perProject: { perSecond: 0.25, burst: 2 } })
    try {
      await server.road.project(1n, [{ version: '0.1' }])
      const message = { projectId: '1', data: 'x' }
      const batch = (messages: unknown[]) => post(`${server.url}/v1/messages/batch`, { messages })
      const answer = await batch([message, message, message, { ...message, projectId: '2' }])
      const { results } = answer.json as V1['BatchResult']
      expect(results.slice(2)).toMatchObject([
        { code: 'QUOTA_EXCEEDED', retryAfterS: 4 },
        { code: 'PROJECT_NOT_FOUND' },
      ])
      expect(results[3]).not.toHaveProperty('retryAfterS')
      expect(schemas.batchResult.parse(answer.json)).toEqual(answer.json)
      expect([answer.status, answer.headers['retry-after']]).toEqual([200, '4'])
      server.clock.at += 4_000
      const again = await batch([message])
      expect(again.json).toMatchObject({ results: [{ duplicate: false }] })
      expect(again.headers).not.toHaveProperty('retry-after')
    } finally {
      await server.stop()
    }
  })
})
