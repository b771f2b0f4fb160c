import { createHash } from 'node:crypto'
import { LocalSigner } from '@w3bstream/chain'
import { createW3bstream, type IngestOutcome, type IngestRequest } from '@w3bstream/core'
import {
  didOfAddress,
  type Hash,
  messageDigest,
  messageIdFromKey,
  messageIdFromNonce,
  messageRun,
  projectId,
  toHex,
} from '@w3bstream/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DOMAIN, embeddedCore } from '../support/embeddedCore.ts'
import { projectFile } from '../support/projectFile.ts'
import { tempDir } from '../support/tempDir.ts'

const ONE = projectId(1n)
const device = LocalSigner.fromHex('22'.repeat(32))
const did = didOfAddress(device.address)
const secret = new Uint8Array(32).fill(7)

const post = (payload: string, more: Partial<IngestRequest> = {}): IngestRequest => ({
  projectId: ONE,
  version: null,
  payload,
  credential: { type: 'none' },
  idempotencyKey: null,
  source: '127.0.0.1',
  ...more,
})
function signed(nonce: bigint, payload: string, more: Partial<IngestRequest> = {}): IngestRequest {
  const payloadHash = toHex(createHash('sha256').update(payload).digest()) as Hash
  const digest = messageDigest(DOMAIN, { projectId: ONE, version: '0.1', device: did, nonce, payloadHash })
  return post(payload, {
    credential: { type: 'device', device: did, nonce, signature: device.signNow(digest) },
    ...more,
  })
}
const keyed = (payload: string, idempotencyKey: string, more: Partial<IngestRequest> = {}) =>
  post(payload, { credential: { type: 'token', principal: 'tok' }, idempotencyKey, ...more })
const ids = (outcomes: readonly IngestOutcome[]) =>
  outcomes.map((outcome) => {
    if (outcome.accepted) return outcome.id
    throw outcome.error
  })
const runs = (outcomes: readonly IngestOutcome[]) => ids(outcomes).map((id) => messageRun(id).run)

async function core() {
  const made = await embeddedCore(tempDir(), { '1': projectFile(), '2': projectFile() })
  onTestFinished(() => made.close())
  return made
}

describe("a message's id", () => {
  it('follows from a nonce and the secret of the deployment, with or without a key', async () => {
    const { w3b, modules } = await core()
    const expected = (nonce: bigint) =>
      messageIdFromNonce({ secret, domain: DOMAIN, projectId: ONE, device: did, nonce })
    expect(ids(await w3b.ingest([signed(5n, 'a'), signed(6n, 'b', { idempotencyKey: 'k:1', batch: true })]))).toEqual([
      expected(5n),
      expected(6n),
    ])
    // The key is a second name of it.
    expect(await w3b.ingest([signed(7n, 'b', { idempotencyKey: 'k:1' })])).toMatchObject([
      { accepted: true, id: expected(6n), duplicate: true },
    ])
    expect(await w3b.ingest([signed(8n, 'c', { idempotencyKey: 'k:1' })])).toMatchObject([
      { error: { code: 'IDEMPOTENCY_KEY_REUSED' } },
    ])
    const limits = {
      ingest: {
        maxMessageBytes: 100,
        perProject: { perSecond: 1e6, burst: 1e6 },
        perDevice: { perSecond: 1e6, burst: 1e6 },
      },
      proveTimeoutMs: 1,
    }
    const other = createW3bstream({ ...modules, idSecret: new Uint8Array(32).fill(8) }, limits)
    onTestFinished(() => other.close())
    expect(ids(await other.ingest([signed(9n, 'd')]))).not.toEqual([expected(9n)])
    // A secret that was lost changes ids to come, not what is there.
    expect(await other.ingest([signed(5n, 'a')])).toMatchObject([{ id: expected(5n), duplicate: true }])
  })

  it('follows from a key where there is no nonce', async () => {
    const { w3b } = await core()
    const expected = ['k', 'k:7'].map((key) =>
      messageIdFromKey({ domain: DOMAIN, projectId: ONE, principal: 'token:tok', key }),
    )
    expect(ids(await w3b.ingest([keyed('a', 'k'), keyed('b', 'k:7')]))).toEqual(expected)
    expect(await w3b.ingest([keyed('b', 'k:7', { batch: true })])).toMatchObject([{ id: expected[1], duplicate: true }])
  })

  it('shares a run with the other messages of one batch and log, and with nobody else', async () => {
    const { w3b } = await core()
    const batch = { batch: true } as const
    const two = { ...batch, projectId: projectId(2n) }
    const posted = runs(
      await w3b.ingest([post('a', batch), post('b', two), post('c', batch), signed(1n, 'd', batch), post('e', two)]),
    )
    expect([posted[2], posted[4]]).toEqual([posted[0], posted[1]])
    expect(new Set(posted).size).toBe(3)
    const again = runs(await w3b.ingest([post('a', batch)]))
    // Posts of several senders that were joined into one call.
    const joined = runs(await w3b.ingest([post('a'), post('b'), post('c')]))
    expect(new Set([...posted, ...again, ...joined]).size).toBe(3 + 1 + 3)
  })

  it('begins another run after a thousand', async () => {
    const { w3b } = await core()
    const posted = await w3b.ingest(Array.from({ length: 1_500 }, (_, i) => post(`${i}`, { batch: true })))
    expect(new Set(ids(posted)).size).toBe(1_500)
    expect(new Set(runs(posted)).size).toBe(2)
  })
})
