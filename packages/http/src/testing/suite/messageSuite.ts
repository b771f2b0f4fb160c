import { generateKeyPairSync, sign as signBytes } from 'node:crypto'
import { sha256 } from '@noble/hashes/sha2.js'
import { LocalSigner } from '@w3bstream/chain'
import {
  type Did,
  didOfKey,
  fromHex,
  type Hash,
  leafHash,
  messageDigest,
  messageId,
  projectId,
  toHex,
  verifyInclusion,
} from '@w3bstream/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { V1 } from '../../client.ts'
import { schemas } from '../../v1/schemas.ts'
import { Caller } from '../Caller.ts'
import type { HttpHost, MakeHttpHost } from '../HttpHost.ts'

const HUGE = 18446744073709551615n
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** `/v1/messages`. */
export function messageSuite(make: MakeHttpHost): void {
  let host: HttpHost
  let caller: Caller
  const at = (path: string): string => `/v1/messages${path}`
  const device = LocalSigner.fromHex('22'.repeat(32))
  const did = `did:io:${device.address.slice(2)}` as Did
  const digestOf = (p: { device: Did; nonce: bigint; data: string; project?: bigint; version?: string }): Hash =>
    messageDigest(host.domain, {
      projectId: projectId(p.project ?? 1n),
      version: p.version ?? '0.1',
      device: p.device,
      nonce: p.nonce,
      payloadHash: toHex(sha256(new TextEncoder().encode(p.data))) as Hash,
    })
  const signed = (nonce: bigint, data = 'x', more: Record<string, unknown> = {}) => ({
    projectId: '1',
    version: '0.1',
    data,
    device: did,
    nonce: nonce.toString(),
    signature: device.signNow(digestOf({ device: did, nonce, data })),
    ...more,
  })
  const accepted = (json: unknown): V1['Accepted'] => json as V1['Accepted']
  const stored = (json: unknown) => host.road.stored(messageId(accepted(json).messageId))
  const unsigned = { projectId: '1', data: 'x' }

  beforeAll(async () => {
    host = await make({ maxBatch: 5 })
    caller = new Caller(host)
    await host.road.project(1n, [{ version: '0.1' }, { version: '0.2' }])
    await host.road.project(2n, [{ version: '0.1' }], { paused: true })
    await host.road.project(3n, [{ version: '0.1', devices: { unsigned: 'reject' } }])
    await host.road.project(4n, [{ version: '0.1', aggregation: { amount: 3 } }])
    await host.road.project(HUGE, [{ version: '0.1' }])
  })
  afterAll(() => host.stop())

  it('takes a message by its default version, and says that it is no duplicate', async () => {
    const answer = await caller.post(at(''), unsigned)
    expect([answer.status, answer.json]).toEqual([200, { messageId: expect.any(String), duplicate: false }])
    expect(await stored(answer.json)).toMatchObject({ projectId: 1n, version: '0.1', payload: 'x', auth: 'none' })
  })

  it('takes 64-bit ids as decimal strings', async () => {
    const answer = await caller.post(at(''), { projectId: HUGE.toString(), data: 'x' })
    expect(await stored(answer.json)).toMatchObject({ projectId: HUGE })
    expect((await caller.post(at(''), `{"projectId":${HUGE},"data":"x"}`)).status).toBe(200)
  })

  it('takes a message that a secp256k1 device signed', async () => {
    const answer = await caller.post(at(''), signed(1n))
    expect(answer.status).toBe(200)
    expect(await stored(answer.json)).toMatchObject({ auth: 'device', device: did, nonce: 1n })
  })

  it.each(['ed25519', 'p256'] as const)('takes a message that a %s device signed', async (type) => {
    const { privateKey, publicKey } =
      type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = publicKey.export({ format: 'jwk' })
    const x = Buffer.from(jwk.x ?? '', 'base64url')
    const y = Buffer.from(jwk.y ?? '', 'base64url')
    const key = type === 'ed25519' ? x : Buffer.concat([Buffer.of(2 + ((y.at(-1) ?? 0) & 1)), x])
    const other = didOfKey(type, key)
    const digest = fromHex(digestOf({ device: other, nonce: 5n, data: 'x' }))
    const signature =
      type === 'ed25519'
        ? signBytes(null, digest, privateKey)
        : signBytes('sha256', digest, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    const body = { ...unsigned, device: other, nonce: '5', signature: toHex(signature) }
    const answer = await caller.post(at(''), body)
    expect([answer.status, (await stored(answer.json))?.device]).toEqual([200, other])
    expect((await caller.post(at(''), { ...body, nonce: '6' })).status).toBe(401)
  })

  it('gives the first answer again for a nonce with the same payload, and refuses it with another', async () => {
    const first = await caller.post(at(''), signed(10n, 'a'))
    const again = await caller.post(at(''), signed(10n, 'a'))
    expect(again.json).toEqual({ messageId: accepted(first.json).messageId, duplicate: true })
    const other = await caller.post(at(''), signed(10n, 'b'))
    expect([other.status, other.json]).toEqual([
      409,
      { code: 'NONCE_REUSED', error: expect.stringContaining('nonce 10'), hint: expect.any(String) },
    ])
  })

  it('does not let anyone use up the nonces of another device', async () => {
    const stranger = LocalSigner.fromHex('33'.repeat(32))
    const digest = digestOf({ device: did, nonce: 20n, data: 'evil' })
    const squat = await caller.post(at(''), { ...signed(20n, 'evil'), signature: stranger.signNow(digest) })
    expect([squat.status, squat.json]).toMatchObject([401, { code: 'BAD_SIGNATURE' }])
    expect((await caller.post(at(''), { ...unsigned, device: did, nonce: '20' })).status).toBe(400)
    expect((await caller.post(at(''), signed(20n, 'mine'))).status).toBe(200)
  })

  it.each([
    ['in capitals', `did:io:${did.slice(7).toUpperCase()}`],
    ['with 0x', `did:io:0x${did.slice(7)}`],
  ])('refuses a DID %s, naming its normal form, so that a device has one space of nonces', async (_, other) => {
    const digest = digestOf({ device: other as Did, nonce: 25n, data: 'x' })
    const body = { ...signed(25n), device: other, signature: device.signNow(digest) }
    const answer = await caller.post(at(''), body)
    const error = expect.stringMatching(new RegExp(`^device .*${did}`))
    expect([answer.status, answer.json]).toMatchObject([400, { code: 'INVALID_INPUT', error }])
    expect((await caller.post(at('/batch'), { messages: [body] })).json).toMatchObject({ results: [{ error }] })
  })

  it.each([
    ['another payload', { data: 'y' }],
    ['another nonce', { nonce: '31' }],
    ['another project', { projectId: HUGE.toString() }],
    ['another version', { version: '0.2' }],
  ])('refuses a signature over %s', async (_, change) => {
    expect((await caller.post(at(''), signed(30n, 'x', change))).status).toBe(401)
  })

  it.each([
    ['projectId', { data: 'x' }],
    ['projectId', { ...unsigned, projectId: '0' }],
    ['projectId', { ...unsigned, projectId: '01' }],
    ['projectId', { ...unsigned, projectId: '1.0' }],
    ['projectId', { ...unsigned, projectId: (HUGE + 1n).toString() }],
    ['projectId', { ...unsigned, projectId: true }],
    ['version', { ...unsigned, version: 1 }],
    ['version', { ...unsigned, version: '' }],
    ['version', { ...unsigned, version: '1'.repeat(129) }],
    ['data', { projectId: '1' }],
    ['data', { ...unsigned, data: null }],
    ['data', { ...unsigned, data: 5 }],
    ['device', { ...unsigned, nonce: '1', signature: `0x${'11'.repeat(65)}` }],
    ['device', { ...unsigned, device: 'me', nonce: '1', signature: `0x${'11'.repeat(65)}` }],
    ['device', { ...unsigned, device: 'did:web:example.org', nonce: '1', signature: `0x${'11'.repeat(65)}` }],
    ['nonce', { ...unsigned, device: 'did:io:1', signature: `0x${'11'.repeat(65)}` }],
    ['nonce', { ...unsigned, device: 'did:io:1', nonce: '-1', signature: `0x${'11'.repeat(65)}` }],
    ['nonce', { ...unsigned, device: 'did:io:1', nonce: (HUGE + 1n).toString(), signature: `0x${'11'.repeat(65)}` }],
    ['nonce', { ...unsigned, device: 'did:io:1', nonce: 1.5, signature: `0x${'11'.repeat(65)}` }],
    ['signature', { ...unsigned, device: 'did:io:1', nonce: '1' }],
    ['Signature', { ...unsigned, Signature: `0x${'11'.repeat(65)}` }],
    ['idempotencyKey', { ...unsigned, idempotencyKey: 'mine' }],
    ['idempotencyKey', { ...unsigned, idempotencyKey: 'x'.repeat(257) }],
  ])('names %s when it is missing or wrong: %j', async (field, body) => {
    const answer = await caller.post(at(''), body)
    expect([answer.status, answer.json]).toMatchObject([
      400,
      { code: 'INVALID_INPUT', error: expect.stringMatching(new RegExp(`^${field} `)) },
    ])
  })

  it.each(['', '0x', '0x1234', 'xyz', `0x${'00'.repeat(65)}`])('refuses the signature %j', async (signature) => {
    const answer = await caller.post(at(''), signed(40n, 'x', { signature }))
    expect(answer.status).toBe(signature === '' ? 400 : 401)
  })

  it.each([
    [404, 'PROJECT_NOT_FOUND', { ...unsigned, projectId: '99999' }],
    [404, 'PROJECT_NOT_FOUND', { ...unsigned, version: '9' }],
    [409, 'PROJECT_PAUSED', { ...unsigned, projectId: '2' }],
    [401, 'BAD_SIGNATURE', { ...unsigned, projectId: '3' }],
    [413, 'TOO_LARGE', { ...unsigned, data: 'x'.repeat(2 ** 20 + 1) }],
    [413, 'TOO_LARGE', { ...unsigned, data: 'x'.repeat(3 * 2 ** 20) }],
  ])('answers %i %s to %#', async (status, code, body) => {
    const answer = await caller.post(at(''), body)
    expect([answer.status, answer.json]).toMatchObject([status, { code, error: expect.any(String) }])
  })

  it('takes an idempotency key from a token, in the header or the body', async () => {
    const authorization = await host.road.token(['send'])
    const first = await caller.post(at(''), { ...unsigned, idempotencyKey: 'key-1' }, { authorization })
    const again = await caller.post(at(''), unsigned, { authorization, 'idempotency-key': 'key-1' })
    expect(again.json).toEqual({ messageId: accepted(first.json).messageId, duplicate: true })
    const other = await caller.post(at(''), { ...unsigned, data: 'y', idempotencyKey: 'key-1' }, { authorization })
    expect([other.status, other.json]).toMatchObject([409, { code: 'IDEMPOTENCY_KEY_REUSED' }])
    const stranger = { authorization: await host.road.token(['send']) }
    expect(
      (await caller.post(at(''), { ...unsigned, data: 'y', idempotencyKey: 'key-1' }, stranger)).json,
    ).toMatchObject({
      duplicate: false,
    })
  })

  it('takes a batch, in which one that is refused does not harm its neighbours', async () => {
    const messages = [unsigned, { data: 'x' }, signed(50n), { ...unsigned, projectId: '99999' }, signed(50n)]
    const answer = await caller.post(at('/batch'), { messages })
    const { results } = answer.json as V1['BatchResult']
    expect(schemas.batchResult.parse(answer.json)).toEqual(answer.json)
    expect(answer.status).toBe(200)
    expect(results).toMatchObject([
      { duplicate: false },
      { code: 'INVALID_INPUT' },
      { duplicate: false },
      { code: 'PROJECT_NOT_FOUND' },
      { duplicate: true },
    ])
    expect(await stored(results[2])).toMatchObject({ device: did, nonce: 50n })
  })

  it('gives a batch under the same idempotency key the same answers, and refuses other messages under it', async () => {
    const authorization = await host.road.token(['send'])
    const send = async (messages: unknown[], key = 'batch-1') => {
      const answer = await caller.post(at('/batch'), { messages }, { authorization, 'idempotency-key': key })
      return (answer.json as V1['BatchResult']).results
    }
    const own = { ...unsigned, data: 'c', idempotencyKey: 'own' }
    const batch = [unsigned, { ...unsigned, data: 'b' }, signed(70n), own]
    const first = await send(batch)
    expect(first).toMatchObject(batch.map(() => ({ messageId: expect.any(String), duplicate: false })))
    expect(new Set(first.map((one) => JSON.stringify(one))).size).toBe(4)
    expect(await send(batch)).toEqual(first.map((one) => ({ ...one, duplicate: true })))
    const [kept, changed] = await send([unsigned, { ...unsigned, data: 'other' }])
    expect([kept, changed]).toMatchObject([{ ...first[0], duplicate: true }, { code: 'IDEMPOTENCY_KEY_REUSED' }])
    // A key of its own counts as in a single post.
    expect(await send([own], 'batch-2')).toEqual([{ ...first[3], duplicate: true }])
  })

  it('does not let anyone take keys by a batch', async () => {
    const key = { 'idempotency-key': 'batch-1' }
    const answer = await caller.post(at('/batch'), { messages: [unsigned, signed(80n)] }, key)
    expect(answer.json).toMatchObject({ results: [{ code: 'INVALID_INPUT' }, { duplicate: false }] })
    expect(
      (await caller.post(at('/batch'), { messages: [unsigned] }, { 'idempotency-key': 'x'.repeat(257) })).status,
    ).toBe(400)
  })

  it.each([
    [400, 'messages', {}],
    [400, 'messages', { messages: {} }],
    [400, 'messages', { messages: [] }],
    [400, 'other', { messages: [unsigned], other: 1 }],
    [413, 'messages', { messages: Array.from({ length: 6 }, () => unsigned) }],
    [413, 'body', { messages: [{ ...unsigned, data: 'x'.repeat(9 * 2 ** 20) }] }],
  ])('answers %i, naming %s, to a wrong batch (%#)', async (status, words, body) => {
    const answer = await caller.post(at('/batch'), body)
    expect([answer.status, answer.json]).toMatchObject([status, { error: expect.stringContaining(words) }])
  })

  it('answers a batch of nothing but faults without asking the core', async () => {
    const answer = await caller.post(at('/batch'), { messages: [5, null, []] })
    expect(answer.json).toMatchObject({ results: [{ code: 'NOT_JSON' }, { code: 'NOT_JSON' }, { code: 'NOT_JSON' }] })
  })

  it('shows a message to anyone who knows its id, and its payload to tokens that may read', async () => {
    const { messageId: id } = accepted((await caller.post(at(''), signed(60n, 'secret'))).json)
    const open = (await caller.send(at(`/${id}`))).json
    expect(open).toMatchObject({
      messageId: id,
      projectId: '1',
      device: did,
      nonce: '60',
      state: 'received',
      task: null,
      states: [{ state: 'received', time: expect.stringMatching(TIME) }],
    })
    expect(open).not.toHaveProperty('data')
    expect(open).not.toHaveProperty('signature')
    const ask = async (authorization: string) => (await caller.send(at(`/${id}`), { headers: { authorization } })).json
    expect(await ask(await host.road.token(['read']))).toMatchObject({ data: 'secret' })
    expect(await ask(await host.road.token(['read'], projectId(1)))).toMatchObject({ data: 'secret' })
    expect(await ask(await host.road.token(['read'], projectId(2)))).not.toHaveProperty('data')
    expect(await ask(await host.road.token(['send', 'operate']))).not.toHaveProperty('data')
    expect((await caller.send(at(`/${id}`), { headers: { authorization: 'wrong' } })).status).toBe(401)
  })

  it('gives receipt and inclusion proof once a message is in a task', async () => {
    const sent = []
    for (const nonce of [1n, 2n, 3n]) {
      const version = { projectId: '4', version: '0.1', data: `d${nonce}` }
      const signature = device.signNow(digestOf({ device: did, nonce, data: `d${nonce}`, project: 4n }))
      const answer = await caller.post(at(''), { ...version, device: did, nonce: nonce.toString(), signature })
      sent.push(accepted(answer.json).messageId)
    }
    const [, id] = sent
    for (const what of ['receipt', 'inclusion']) {
      const early = await caller.send(at(`/${id}/${what}`))
      expect([early.status, early.json, early.headers['retry-after']]).toMatchObject([404, { code: 'NOT_YET' }, '1'])
    }
    const task = await host.road.pack(4n)
    if (id === undefined) throw new Error('nothing was sent')
    await host.road.settle(task)
    const receipt = (await caller.send(at(`/${id}/receipt`))).json as V1['Receipt']
    expect(receipt).toMatchObject({
      format: 'w3bstream-receipt-1',
      messageId: id,
      taskId: task,
      projectId: '4',
      device: did,
      blockNumber: 12,
      gasUsed: 361_000,
      transactionHash: `0x${'cd'.repeat(32)}`,
    })
    const inclusion = (await caller.send(at(`/${id}/inclusion`))).json as V1['Inclusion']
    const digest = digestOf({ device: did, nonce: 2n, data: 'd2', project: 4n })
    const leaf = leafHash(messageId(id), digest, inclusion.blind as Hash)
    const proof = { ...inclusion.proof, path: inclusion.proof.path as Hash[] }
    expect(inclusion.proof.count).toBe(3)
    expect(verifyInclusion(leaf, proof, inclusion.root as Hash)).toBe(true)
    expect(receipt.merkleRoot).toBe(inclusion.root)
    expect(schemas.receipt.parse(receipt)).toEqual(receipt)
    expect(schemas.inclusion.parse(inclusion)).toEqual(inclusion)
    const message = (await caller.send(at(`/${id}`))).json
    expect(schemas.message.parse(message)).toEqual(message)
  })

  it.each(['', '/receipt', '/inclusion', '/events'])(
    'answers 404 to GET %s of an unknown message, 400 to no id',
    async (what) => {
      const unknown = await caller.send(at(`/019c0000-0000-7000-8000-000000000000${what}`))
      expect([unknown.status, unknown.json]).toMatchObject([404, { code: 'MESSAGE_NOT_FOUND' }])
      expect((await caller.send(at(`/nonsense${what}`))).json).toMatchObject({ code: 'INVALID_INPUT' })
    },
  )
}
