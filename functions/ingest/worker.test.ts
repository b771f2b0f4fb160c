import { readFile } from 'node:fs/promises'
import { testAws } from '@w3bstream/store-aws/testing'
import { Miniflare } from 'miniflare'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bundle } from '../build.mjs'
import { awsRoad } from '../testing/awsRoad.ts'
import { ingestVariables, TEST_DOMAIN } from '../testing/ingestVariables.ts'

const POST = { method: 'POST', body: JSON.stringify({ projectId: '1', data: 'x' }) }
const MESSAGES = 'https://w3b.example/v1/messages'

describe('the edge worker', () => {
  const aws = testAws()
  let script: string
  let variables: Record<string, string>
  let worker: Miniflare | undefined

  const start = (change: Readonly<Record<string, string>> = {}): Miniflare => {
    worker = new Miniflare({
      modules: true,
      script,
      host: '127.0.0.1',
      port: 0,
      compatibilityDate: '2026-01-01',
      bindings: { ...variables, ...change },
      cf: false,
      handleStructuredLogs: () => {},
    })
    return worker
  }

  beforeAll(async () => {
    script = await readFile((await bundle('worker')).file, 'utf8')
    const deployment = await aws.make()
    variables = ingestVariables(deployment)
    const road = await awsRoad(aws, deployment, TEST_DOMAIN)
    await road.project(1n, [{ version: '0.1' }])
    await road.stop()
  })
  afterEach(() => worker?.dispose())

  it('answers all of many requests that come to a cold one at once', async () => {
    const started = start()
    const answers = await Promise.all(Array.from({ length: 24 }, () => started.dispatchFetch(MESSAGES, POST)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    const ids = await Promise.all(answers.map(async (one) => ((await one.json()) as { messageId: string }).messageId))
    expect(new Set(ids).size).toBe(24)
  })

  it('does not keep others waiting for one whose caller left', async () => {
    const started = start()
    const held = aws.dynamo.proxy.inject({ fault: { type: 'delay', ms: 2_000 }, operation: 'GetItem', times: 1 })
    const leaving = new AbortController()
    const left = started.dispatchFetch(MESSAGES, { ...POST, signal: leaving.signal }).catch(() => null)
    await expect.poll(() => held.hits()).toBe(1)
    leaving.abort()
    const other = await started.dispatchFetch(MESSAGES, POST)
    expect(other.status).toBe(200)
    await left
  })

  it('takes the address that the platform names for quotas', async () => {
    const config = JSON.parse(variables.W3B_CONFIG ?? '')
    config.quotas.perAddress = { perSecond: 0.01, burst: 1 }
    const started = start({ W3B_CONFIG: JSON.stringify(config) })
    const from = async (address: string) =>
      (await started.dispatchFetch(MESSAGES, { ...POST, headers: { 'cf-connecting-ip': address } })).status
    expect([await from('192.0.2.1'), await from('192.0.2.1'), await from('192.0.2.2')]).toEqual([200, 429, 200])
  })

  it('names a setting that is missing', async () => {
    const answer = await start({ W3B_BUCKET: '' }).dispatchFetch(MESSAGES, POST)
    expect([answer.status, await answer.json()]).toMatchObject([
      500,
      { code: 'INVALID_CONFIG', error: expect.stringContaining('W3B_BUCKET is missing') },
    ])
  })

  it('answers 503 while DynamoDB is away, and goes on when it is there', async () => {
    const started = start()
    const away = aws.dynamo.proxy.inject({ fault: { type: 'drop', when: 'before' } })
    const early = await started.dispatchFetch(MESSAGES, POST)
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '5'])
    away.remove()
    expect((await started.dispatchFetch(MESSAGES, POST)).status).toBe(200)
  })
})
