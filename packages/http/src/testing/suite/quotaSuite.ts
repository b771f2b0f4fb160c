import { expect, it } from 'vitest'
import { Caller } from '../Caller.ts'
import type { HttpHost, HttpHostOptions, MakeHttpHost } from '../HttpHost.ts'

const older = { projectID: 1, projectVersion: '0.1', data: 'x' }
const message = { projectId: '1', data: 'x' }
/** So little that none comes back while a test runs. */
const perSecond = 0.01

/** 429 with `Retry-After`, for each thing that has an allotment. */
export function quotaSuite(make: MakeHttpHost): void {
  const withHost = async (
    quotas: HttpHostOptions['quotas'],
    test: (caller: Caller, host: HttpHost) => Promise<void>,
  ): Promise<void> => {
    const host = await make(quotas === undefined ? {} : { quotas })
    try {
      await host.road.project(1n, [{ version: '0.1' }])
      await test(new Caller(host), host)
    } finally {
      await host.stop()
    }
  }

  it('answers 429 with Retry-After to an address that is over, posts and reads alike', () =>
    withHost({ perAddress: { perSecond, burst: 3 } }, async (caller) => {
      const answers = []
      for (let i = 0; i < 4; i++) answers.push(await caller.post('/message', older))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429])
      expect(Number(answers[3]?.headers['retry-after'])).toBeGreaterThan(1)
      const v1 = await caller.post('/v1/messages', message)
      expect([v1.status, v1.json]).toMatchObject([429, { code: 'QUOTA_EXCEEDED', hint: expect.any(String) }])
      const id = '019c0000-0000-7000-8000-000000000000'
      for (const path of [
        `/v1/messages/${id}`,
        `/v1/messages/${id}/receipt`,
        `/v1/messages/${id}/events`,
        '/v1/tasks',
        `/message/${id}`,
        '/task/1/1',
      ])
        expect([path, (await caller.send(path)).status]).toEqual([path, 429])
      expect((await caller.send('/live')).status).toBe(200)
    }))

  it('counts no reads with a token, and counts failed attempts at one', () =>
    withHost({ perAddress: { perSecond, burst: 2 } }, async (caller, host) => {
      const headers = { authorization: await host.road.token(['read']) }
      for (let i = 0; i < 4; i++) expect((await caller.send('/v1/tasks', { headers })).status).toBe(200)
      const wrong = { headers: { authorization: 'wrong' } }
      const answers = []
      for (let i = 0; i < 3; i++) answers.push((await caller.send('/task/1/1', wrong)).status)
      expect(answers).toEqual([401, 401, 429])
    }))

  it('counts the messages of a token', () =>
    withHost({ perToken: { perSecond, burst: 1 } }, async (caller, host) => {
      const authorization = await host.road.token(['send'])
      expect((await caller.post('/message', older, { authorization })).status).toBe(200)
      const over = await caller.post('/message', older, { authorization })
      expect([over.status, over.json]).toEqual([429, { error: expect.stringContaining('token') }])
      expect((await caller.post('/message', older)).status).toBe(200)
    }))

  it('counts each message of a batch', () =>
    withHost({ perAddress: { perSecond, burst: 5 } }, async (caller) => {
      const batch = (size: number) =>
        caller.post('/v1/messages/batch', { messages: Array.from({ length: size }, () => message) })
      expect((await batch(3)).status).toBe(200)
      const over = await batch(3)
      expect([over.status, over.json]).toMatchObject([429, { code: 'QUOTA_EXCEEDED' }])
      expect(over.headers).toHaveProperty('retry-after')
    }))

  it('says of those of a batch that a quota refused when to send them again', () =>
    withHost({ perProject: { perSecond, burst: 2 } }, async (caller) => {
      const answer = await caller.post('/v1/messages/batch', {
        messages: [message, message, message, { ...message, projectId: '2' }],
      })
      const { results } = answer.json as { results: { retryAfterS?: number }[] }
      expect(answer.status).toBe(200)
      expect(results).toMatchObject([
        { duplicate: false },
        { duplicate: false },
        { code: 'QUOTA_EXCEEDED', retryAfterS: expect.any(Number) },
        { code: 'PROJECT_NOT_FOUND' },
      ])
      expect(results[3]).not.toHaveProperty('retryAfterS')
      expect(answer.headers['retry-after']).toBe(String(results[2]?.retryAfterS))
    }))
}
