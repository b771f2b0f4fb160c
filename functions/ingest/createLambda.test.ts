import { createHash, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { type Answer, Caller, EventReader, type HttpHostOptions } from '@w3bstream/http/suite'
import { messageId, projectId } from '@w3bstream/protocol'
import { DynamoChainState, openState, S3BlobStore } from '@w3bstream/store-aws'
import { type TestDeployment, testAws } from '@w3bstream/store-aws/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { awsRoad } from '../testing/awsRoad.ts'
import { eventOf, streamedResponse } from '../testing/functionUrl.ts'
import { ingestVariables, ORIGIN_SECRET, TEST_DOMAIN } from '../testing/ingestVariables.ts'
import { createLambda } from './createLambda.ts'
import { ORIGIN_SECRET_HEADER } from './originOf.ts'

const ORIGIN = 'https://test.lambda-url.us-east-1.on.aws'
const message = { projectId: '1', data: 'x' }
const hash = (secret: string): string => createHash('sha256').update(secret).digest('hex')

describe('the function', () => {
  const aws = testAws()
  let deployment: TestDeployment

  /** A new instance of the function, as a cold start makes one, and who calls it through the distribution. */
  function start(
    change: Readonly<Record<string, string>> = {},
    options: HttpHostOptions = {},
    headers: Readonly<Record<string, string>> = { [ORIGIN_SECRET_HEADER]: ORIGIN_SECRET },
  ) {
    const lines: string[] = []
    const lambda = createLambda({ ...ingestVariables(deployment, options), ...change }, (line) => lines.push(line))
    const caller = new Caller({
      origin: ORIGIN,
      async fetch(request) {
        const event = await eventOf(request, headers)
        return streamedResponse((open) => lambda.streamed(event, open))
      },
    })
    return { lambda, caller, lines }
  }

  /** Writes down a project as the unit that follows the chain does. */
  async function register(id: bigint, file: string, stored = true): Promise<() => Promise<unknown>> {
    const bytes = new TextEncoder().encode(file)
    const blobs = new S3BlobStore({ aws: aws.direct }, { bucket: deployment.bucket })
    if (stored) await blobs.put(bytes)
    const { table } = await openState({ aws: aws.direct }, { table: deployment.tables.state })
    await new DynamoChainState({ table }).saveProject({
      id: projectId(id),
      uri: 'https://project.example/file',
      hash: `0x${createHash('sha256').update(bytes).digest('hex')}` as never,
      paused: false,
      owner: null,
      block: 1n,
    })
    return () => blobs.put(bytes)
  }

  const FILE = JSON.stringify([{ vmType: 'halo2', version: '0.1', code: '789c2b28ca4f2f4acc05000c0f02f9' }])
  const brief = ({ status, json, headers }: Answer) => [status, json, headers['retry-after']]

  afterAll(async () => (await others)?.stop())
  beforeAll(async () => {
    deployment = await aws.make()
    await register(1n, FILE)
  })

  it('does not start without its settings, and names them', () => {
    for (const name of ['W3B_TABLE_MESSAGES', 'W3B_CONFIG', 'W3B_ORIGIN_SECRETS', 'AWS_REGION', 'AWS_ACCESS_KEY_ID'])
      expect(() => start({ [name]: '' })).toThrow(name)
  })

  it('answers 403 in clear words to whoever comes beside the distribution, before anything else', async () => {
    const before = new Map(aws.dynamo.proxy.calls)
    const { lambda } = start({}, {}, {})
    const event = await eventOf(new Request(`${ORIGIN}/v1/messages`, { method: 'POST', body: 'x'.repeat(5_000_000) }))
    // Not even its base64 is looked at.
    const answer = await lambda.buffered({ ...event, body: 'not base64!' })
    expect(answer).toMatchObject({ statusCode: 403, headers: { 'content-type': 'application/json' } })
    expect(JSON.parse(typeof answer === 'object' ? (answer.body ?? '') : answer)).toEqual({
      code: 'WRONG_ORIGIN',
      error: expect.any(String),
      hint: expect.stringContaining('address'),
    })
    expect(aws.dynamo.proxy.calls.get('PutItem')).toBe(before.get('PutItem'))
  })

  it('takes the secret and the one before it, and after the rotation no longer that', async () => {
    const status = async (secrets: string, secret: string) =>
      (await start({ W3B_ORIGIN_SECRETS: secrets }, {}, { [ORIGIN_SECRET_HEADER]: secret }).caller.send('/live')).status
    const both = `${hash('new')},${hash('old')}`
    expect([await status(both, 'new'), await status(both, 'old'), await status(both, 'older')]).toEqual([200, 200, 403])
    expect(await status(hash('new'), 'old')).toBe(403)
  })

  it('answers on its own address where that is open, with quotas by who connected', async () => {
    const perAddress = { perSecond: 0.01, burst: 2 }
    const { lambda } = start({ W3B_DIRECT: 'on' }, { quotas: { perAddress } }, {})
    const post = async (sourceIp: string, headers: Record<string, string> = {}) => {
      const request = new Request(`${ORIGIN}/v1/messages`, { method: 'POST', body: JSON.stringify(message) })
      const event = await eventOf(request, headers)
      event.requestContext.http.sourceIp = sourceIp
      return (await streamedResponse((open) => lambda.streamed(event, open))).status
    }
    const forged = (n: number) => ({
      'cloudfront-viewer-address': `203.0.113.${n}:1`,
      'x-forwarded-for': `203.0.113.${n}`,
    })
    expect([await post('192.0.2.1', forged(1)), await post('192.0.2.1', forged(2))]).toEqual([200, 200])
    expect([await post('192.0.2.1', forged(3)), await post('192.0.2.2')]).toEqual([429, 200])
    // The distribution's callers have allotments of their own.
    const through = (viewer: string) =>
      post('192.0.2.1', { [ORIGIN_SECRET_HEADER]: ORIGIN_SECRET, 'cloudfront-viewer-address': viewer })
    expect(await through('198.51.100.7:1234')).toBe(200)
  })

  it('answers 503 with Retry-After while DynamoDB is over its rate, and takes the message afterwards', async () => {
    const { caller } = start()
    const throttled = aws.dynamo.proxy.inject({ fault: { type: 'throttle' }, operation: 'PutItem' })
    for (const path of ['/v1/messages', '/message']) {
      const body = path === '/message' ? { projectID: 1, projectVersion: '0.1', data: 'x' } : message
      expect(brief(await caller.post(path, body))).toMatchObject([503, { error: expect.any(String) }, '5'])
    }
    expect(throttled.hits()).toBeGreaterThan(2)
    throttled.remove()
    expect((await caller.post('/v1/messages', message)).status).toBe(200)
  })

  it('tries again by itself where one try more is enough', async () => {
    const { caller } = start()
    aws.dynamo.proxy.inject({ fault: { type: 'throttle' }, operation: 'PutItem', times: 1 })
    expect((await caller.post('/v1/messages', message)).status).toBe(200)
  })

  it('gives one message for a device that was not answered and sent again', async () => {
    const { caller } = start()
    const authorization = await road().then((one) => one.token(['send']))
    const headers = { authorization, 'idempotency-key': 'after-a-loss' }
    // Done and not answered: the function's own second try meets the first.
    aws.dynamo.proxy.inject({ fault: { type: 'drop', when: 'after' }, operation: 'PutItem', times: 1 })
    const first = await caller.post('/v1/messages', message, headers)
    const again = await caller.post('/v1/messages', message, headers)
    expect([first.status, again.status]).toEqual([200, 200])
    expect((again.json as { messageId: string }).messageId).toBe((first.json as { messageId: string }).messageId)
  })

  it('answers 503 while DynamoDB is away from its start on, and opens when it is there', async () => {
    const away = aws.dynamo.proxy.inject({ fault: { type: 'drop', when: 'before' } })
    const { caller, lines } = start()
    expect(brief(await caller.post('/v1/messages', message))).toMatchObject([503, { code: 'STORE_UNAVAILABLE' }, '5'])
    away.remove()
    expect((await caller.post('/v1/messages', message)).status).toBe(200)
    expect((await caller.send('/readyz')).status).toBe(200)
    expect(lines.join('')).not.toContain(ORIGIN_SECRET)
  })

  it('is not ready, and says so, when DynamoDB goes away later', async () => {
    const { caller } = start()
    expect((await caller.send('/live')).status).toBe(200)
    const away = aws.dynamo.proxy.inject({ fault: { type: 'error' } })
    try {
      expect((await caller.send('/readyz')).status).toBe(503)
      expect((await caller.send('/healthz')).status).toBe(200)
    } finally {
      away.remove()
    }
  })

  it('answers 503 to large payloads while S3 is away, and takes small ones', async () => {
    const { caller } = start()
    expect((await caller.post('/v1/messages', message)).status).toBe(200)
    const away = aws.fauxqs.proxy.inject({ fault: { type: 'error', status: 503, code: 'ServiceUnavailable' } })
    try {
      const large = await caller.post('/v1/messages', { ...message, data: 'x'.repeat(20_000) })
      expect(brief(large)).toMatchObject([503, { code: 'STORE_UNAVAILABLE' }, '5'])
      expect((await caller.post('/v1/messages', message)).status).toBe(200)
    } finally {
      away.remove()
    }
  })

  it('answers 503 for a project whose file is still to be fetched, and takes its messages once it is there', async () => {
    const store = await register(2n, `${FILE} `, false)
    const { caller } = start()
    const early = await caller.post('/v1/messages', { projectId: '2', data: 'x' })
    expect(brief(early)).toMatchObject([
      503,
      { code: 'CONTENT_UNAVAILABLE', hint: expect.stringContaining('again') },
      '15',
    ])
    await store()
    await expect
      .poll(async () => (await caller.post('/v1/messages', { projectId: '2', data: 'x' })).status, { timeout: 10_000 })
      .toBe(200)
  })

  it('answers 400 to a body that is not the base64 that it says to be', async () => {
    const { lambda } = start()
    const request = new Request(`${ORIGIN}/v1/messages`, { method: 'POST', body: 'x' })
    const event = await eventOf(request, { [ORIGIN_SECRET_HEADER]: ORIGIN_SECRET })
    const answer = await lambda.buffered({ ...event, body: '{"projectId":"1"}' })
    expect(answer).toMatchObject({ statusCode: 400, body: expect.stringContaining('base64') })
  })

  it('answers 413 to bodies of what the platform passes on at most', async () => {
    const { caller } = start()
    const answer = await caller.post('/v1/messages', { ...message, data: 'x'.repeat(4_400_000) })
    expect([answer.status, answer.json]).toMatchObject([413, { code: 'TOO_LARGE' }])
  })

  it('streams a large answer whole', async () => {
    const { caller } = start()
    const others = await road()
    const made = await caller.post('/v1/messages', message)
    expect(made.status).toBe(200)
    const task = await others.pack(1n)
    await others.settle(task, new Uint8Array(7_000_000).fill(0x41))
    const response = await caller.open(`/v1/tasks/${task}/proof`)
    const bytes = new Uint8Array(await response.arrayBuffer())
    expect([response.status, bytes.length, bytes.every((byte) => byte === 0x41)]).toEqual([200, 7_000_000, true])
  })

  it('ends an event stream whose caller left, and is done', async () => {
    const { lambda, caller } = start()
    const { messageId: id } = (await caller.post('/v1/messages', message)).json as { messageId: string }
    const event = await eventOf(new Request(`${ORIGIN}/v1/messages/${messageId(id)}/events`), {
      [ORIGIN_SECRET_HEADER]: ORIGIN_SECRET,
    })
    const done = Promise.withResolvers<void>()
    const response = await streamedResponse(async (open) => {
      await lambda.streamed(event, open)
      done.resolve()
    })
    const stream = await EventReader.open({ open: async () => response }, '')
    await stream.until(({ events }) => events[0]?.event === 'received')
    await stream.leave()
    await done.promise
  })

  it('claims quotas before it may be frozen', async () => {
    const { caller } = start({}, { quotas: { perAddress: { perSecond: 1_000, burst: 1_000 } } })
    const batch = { messages: Array.from({ length: 300 }, () => message) }
    const before = aws.dynamo.proxy.calls.get('UpdateItem') ?? 0
    const reads = aws.dynamo.proxy.calls.get('GetItem') ?? 0
    expect((await caller.post('/v1/messages/batch', batch)).status).toBe(200)
    await expect.poll(() => aws.dynamo.proxy.calls.get('UpdateItem')).toBeGreaterThan(before)
    // One look at the project for all of them, and one at the format.
    expect((aws.dynamo.proxy.calls.get('GetItem') ?? 0) - reads).toBeLessThanOrEqual(3)
  })

  it('issues credentials with the key from its parameter', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
    const asked: string[] = []
    const ssm = createServer((incoming, outgoing) => {
      asked.push(String(incoming.headers['x-amz-target']), String(incoming.headers.authorization))
      outgoing.end(JSON.stringify({ Parameter: { Value: pem } }))
    })
    await new Promise<void>((resolve) => ssm.listen(0, '127.0.0.1', resolve))
    try {
      const address = ssm.address()
      const port = typeof address === 'object' ? address?.port : 0
      const { caller } = start({
        W3B_CREDENTIAL_KEY_PARAMETER: '/w3b/credential-key',
        AWS_ENDPOINT_URL_SSM: `http://127.0.0.1:${port}`,
      })
      const request = { credential: { credentialSubject: { id: 'did:example:1' } } }
      const { verifiableCredential } = (await caller.post('/sign_credential', request)).json as Record<string, string>
      expect(asked).toEqual(['AmazonSSM.GetParameter', expect.stringContaining('/us-east-1/ssm/aws4_request')])
      const post = (authorization: string) => caller.post('/v1/messages', message, { authorization })
      expect((await post(verifiableCredential ?? '')).status).toBe(200)
      expect((await post(`${verifiableCredential}x`)).status).toBe(401)
    } finally {
      ssm.close()
    }
  })

  let others: ReturnType<typeof awsRoad> | undefined
  const road = () => {
    others ??= awsRoad(aws, deployment, TEST_DOMAIN)
    return others
  }
})
