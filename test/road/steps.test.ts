import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LocalSigner } from '@w3bstream/chain'
import {
  assignTask,
  createW3bstream,
  type IngestRequest,
  packTask,
  proveTask,
  reconcile,
  sequence,
  settleTasks,
} from '@w3bstream/core'
import type { ProveJob, Runtime, TaskStore, Verifier } from '@w3bstream/core/ports'
import {
  ChainUnavailableError,
  didOfAddress,
  keccak256,
  leafHash,
  legacySigningDigests,
  messageDigest,
  type ProjectId,
  projectId,
  RuntimeLostError,
  StoreUnavailableError,
  sproutStates,
  type TaskId,
  toHex,
  UnsupportedRuntimeError,
  verifyInclusion,
  w3bstreamStates,
} from '@w3bstream/protocol'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { DOMAIN, embeddedCore } from '../support/embeddedCore.ts'
import { InstantRuntime } from '../support/InstantRuntime.ts'
import { projectFile } from '../support/projectFile.ts'
import { tempDir } from '../support/tempDir.ts'

const ONE = projectId(1n)
const limits = { timeoutMs: 60_000, memoryBytes: 2 ** 28, leaseMs: 10_000, maxTries: 3, worker: 'w1' }
const sweep = { graceMs: 1_000, proveTimeoutMs: 60_000, overtimeMs: 30_000, maxAttempts: 3, batch: 100 }
const idle = new AbortController().signal

async function core(version: Readonly<Record<string, unknown>> = {}) {
  const made = await embeddedCore(tempDir(), { '1': projectFile(version) })
  onTestFinished(() => made.close())
  return made
}

const unsigned = (payload: string, more: Partial<IngestRequest> = {}): IngestRequest => ({
  projectId: ONE,
  version: null,
  payload,
  credential: { type: 'none' },
  idempotencyKey: null,
  source: '127.0.0.1',
  ...more,
})

async function signed(
  device: LocalSigner,
  nonce: bigint,
  payload: string,
  project: ProjectId = ONE,
): Promise<IngestRequest> {
  const did = didOfAddress(device.address)
  const { createHash } = await import('node:crypto')
  const payloadHash = toHex(createHash('sha256').update(payload).digest()) as never
  const digest = messageDigest(DOMAIN, { projectId: project, version: '0.1', device: did, nonce, payloadHash })
  return unsigned(payload, {
    projectId: project,
    credential: { type: 'device', device: did, nonce, signature: await device.sign(digest) },
  })
}

/** @param burst of one device */
const limitsOf = (burst: number) => ({
  ingest: {
    maxMessageBytes: 100,
    perProject: { perSecond: 1e6, burst: 1e6 },
    perDevice: { perSecond: 1, burst },
  },
  proveTimeoutMs: 1,
})

const codes = (outcomes: Awaited<ReturnType<Awaited<ReturnType<typeof core>>['w3b']['ingest']>>): string[] =>
  outcomes.map((outcome) => (outcome.accepted ? (outcome.duplicate ? 'duplicate' : 'ok') : outcome.error.code))

describe('ingest', () => {
  it('refuses an unknown project, an unknown version and an oversized payload, and takes their neighbours', async () => {
    const { w3b } = await core()
    const outcomes = await w3b.ingest([
      unsigned('{}'),
      unsigned('{}', { projectId: projectId(99999n) }),
      unsigned('{}', { version: '9' }),
      unsigned('x'.repeat(2 ** 20 + 1)),
      unsigned('{}'),
    ])
    expect(codes(outcomes)).toEqual(['ok', 'PROJECT_NOT_FOUND', 'PROJECT_NOT_FOUND', 'INVALID_INPUT', 'ok'])
  })

  it('gives a repeated nonce its first answer, and refuses it for another payload', async () => {
    const { w3b } = await core()
    const device = LocalSigner.generate()
    const [first, again, other] = [
      await signed(device, 1n, 'a'),
      await signed(device, 1n, 'a'),
      await signed(device, 1n, 'b'),
    ]
    const outcomes = [...(await w3b.ingest([first])), ...(await w3b.ingest([again, other]))]
    expect(codes(outcomes)).toEqual(['ok', 'duplicate', 'NONCE_REUSED'])
    expect(outcomes[0]).toMatchObject({ id: (outcomes[1] as { id: string }).id })
  })

  it("refuses another's nonce: a signature by someone else does not use it up", async () => {
    const { w3b } = await core()
    const [device, thief] = [LocalSigner.generate(), LocalSigner.generate()]
    const stolen = await signed(thief, 7n, 'x')
    const forged: IngestRequest = {
      ...stolen,
      credential: { ...stolen.credential, device: didOfAddress(device.address) } as never,
    }
    expect(codes(await w3b.ingest([forged]))).toEqual(['BAD_SIGNATURE'])
    expect(codes(await w3b.ingest([await signed(device, 7n, 'mine')]))).toEqual(['ok'])
  })

  it('refuses a signature over another project, version or payload', async () => {
    const { w3b } = await core()
    const device = LocalSigner.generate()
    const good = await signed(device, 1n, 'a')
    expect(codes(await w3b.ingest([{ ...good, payload: 'b' }]))).toEqual(['BAD_SIGNATURE'])
    const elsewhere = await signed(device, 1n, 'a', projectId(2n))
    expect(codes(await w3b.ingest([{ ...elsewhere, projectId: ONE }]))).toEqual(['BAD_SIGNATURE'])
  })

  it('takes unsigned messages only where the project does, and checks declared fields', async () => {
    const { w3b } = await core({
      devices: { unsigned: 'reject' },
      inputs: { scheme: 'poseidon-bn254', capacity: 4, fields: [{ name: 't', scale: 1, min: -400, max: 600 }] },
    })
    const device = LocalSigner.generate()
    const outcomes = await w3b.ingest([
      unsigned('{"t":1}'),
      await signed(device, 1n, '{"t":12.8}'),
      await signed(device, 2n, '{"t":12.85}'),
      await signed(device, 3n, '{"t":60.1}'),
      await signed(device, 4n, '{"t":1,"t":2}'),
      await signed(device, 5n, '{"u":1}'),
    ])
    expect(outcomes[0]).toMatchObject({ error: { hint: expect.stringContaining('--key-file') } })
    // A token tells who calls, not which device measured.
    const token = unsigned('{"t":1}', { credential: { type: 'token', principal: 'someone' } })
    expect(codes(await w3b.ingest([token]))).toEqual(['BAD_SIGNATURE'])
    expect(codes(outcomes)).toEqual(['BAD_SIGNATURE', 'ok', ...Array.from({ length: 4 }, () => 'INVALID_INPUT')])
    expect((outcomes[3] as { error: Error }).error.message).toContain('t')
  })

  it('holds an idempotency key against its principal only', async () => {
    const { w3b } = await core()
    const by = (principal: string, payload: string) =>
      unsigned(payload, { credential: { type: 'token', principal }, idempotencyKey: 'k' })
    expect(codes(await w3b.ingest([by('t1', 'a')]))).toEqual(['ok'])
    expect(codes(await w3b.ingest([by('t1', 'a'), by('t1', 'b'), by('t2', 'b')]))).toEqual([
      'duplicate',
      'IDEMPOTENCY_KEY_REUSED',
      'ok',
    ])
    // Nobody in particular cannot own a key.
    expect(
      codes(await w3b.ingest([unsigned('a', { idempotencyKey: 'k2' }), unsigned('b', { idempotencyKey: 'k2' })])),
    ).toEqual(['ok', 'ok'])
  })

  describe('of a message signed as the older API has it', () => {
    const legacy = async (device: LocalSigner, payload: string): Promise<IngestRequest> => {
      const [digest] = legacySigningDigests({ projectId: ONE, version: '0.1', data: payload })
      const signature = await device.sign(digest)
      return unsigned(payload, { version: '0.1', credential: { type: 'legacy', signature } })
    }

    it('takes a repetition where the project does, and counts it', async () => {
      const { modules } = await core()
      const count = vi.fn()
      const w3b = createW3bstream({ ...modules, telemetry: { ...modules.telemetry, count } }, limitsOf(1e6))
      const request = await legacy(LocalSigner.generate(), 'a')
      expect(codes(await w3b.ingest([request]))).toEqual(['ok'])
      expect(count).not.toHaveBeenCalledWith('w3b_legacy_replays_total')
      expect(codes(await w3b.ingest([request]))).toEqual(['ok'])
      expect(count).toHaveBeenCalledWith('w3b_legacy_replays_total')
    })

    it('refuses a repetition where the project does, also of its neighbour and of a racer', async () => {
      const { w3b } = await core({ devices: { legacyReplay: 'reject' } })
      const device = LocalSigner.generate()
      const [a, b] = [await legacy(device, 'a'), await legacy(device, 'b')]
      expect(codes(await w3b.ingest([a, a, b])).sort()).toEqual(['BAD_SIGNATURE', 'ok', 'ok'])
      const c = await legacy(device, 'c')
      const raced = await Promise.all([w3b.ingest([c]), w3b.ingest([c]), w3b.ingest([b])])
      expect(codes(raced.flat()).sort()).toEqual(['BAD_SIGNATURE', 'BAD_SIGNATURE', 'ok'])
    })
  })

  it('answers with the quota that is used up', async () => {
    const { modules } = await core()
    const small = createW3bstream(modules, limitsOf(2))
    const device = LocalSigner.generate()
    const outcomes = await small.ingest(await Promise.all([1n, 2n, 3n].map((nonce) => signed(device, nonce, 'x'))))
    expect(codes(outcomes).sort()).toEqual(['QUOTA_EXCEEDED', 'ok', 'ok'])
  })
})

describe('packing', () => {
  it('closes a task at the amount, and at the age', async () => {
    const { w3b, modules, clock } = await core({ aggregation: { amount: 3, maxAgeMs: 5_000 } })
    const log = { projectId: ONE, version: '0.1' }
    await w3b.ingest(['1', '2'].map((payload) => unsigned(payload)))
    expect(await packTask(modules, log)).toBeNull()
    await w3b.ingest([unsigned('3'), unsigned('4')])
    const first = await packTask(modules, log)
    expect((await modules.tasks.get(first as TaskId))?.task.messageCount).toBe(3)
    expect(await packTask(modules, log)).toBeNull()
    clock.advance(5_000)
    const second = await packTask(modules, log)
    expect((await modules.tasks.get(second as TaskId))?.task.messageCount).toBe(1)
  })

  it('closes a task at so many bytes', async () => {
    const { w3b, modules } = await core({ aggregation: { amount: 100, maxBytes: 1_000 } })
    await w3b.ingest(Array.from({ length: 5 }, () => unsigned('x'.repeat(400))))
    const id = await packTask(modules, { projectId: ONE, version: '0.1' })
    expect((await modules.tasks.get(id as TaskId))?.task.messageCount).toBe(2)
  })

  it('closes a task before a message that is too large for it', async () => {
    const { w3b, modules } = await core({ aggregation: { amount: 100, maxBytes: 100_000 } })
    await w3b.ingest([unsigned('x'.repeat(10_000)), unsigned('y'.repeat(95_000))])
    const log = { projectId: ONE, version: '0.1' }
    const id = await packTask(modules, log)
    expect((await modules.tasks.get(id as TaskId))?.task.messageCount).toBe(1)
    expect(await packTask(modules, log)).toBeNull()
  })

  it('makes one task when packers race', async () => {
    const { w3b, modules } = await core({ aggregation: { amount: 4 } })
    await w3b.ingest(Array.from({ length: 4 }, (_, i) => unsigned(String(i))))
    const log = { projectId: ONE, version: '0.1' }
    const made = await Promise.all(Array.from({ length: 8 }, () => packTask(modules, log)))
    expect(made.filter((id) => id !== null)).toHaveLength(1)
  })

  it('gives a message that no longer fits a failed task of its own', async () => {
    const { w3b, modules, projectsDir } = await core({ aggregation: { amount: 3 } })
    await w3b.ingest(['{"t":1}', 'nonsense', '{"t":3}'].map((payload) => unsigned(payload)))
    const inputs = { scheme: 'poseidon-bn254', capacity: 3, fields: [{ name: 't', scale: 0, min: 0, max: 9 }] }
    writeFileSync(join(projectsDir, '1'), projectFile({ aggregation: { amount: 1 }, inputs }))
    await expect.poll(async () => (await w3b.project(ONE)).config.versions[0]?.inputs.scheme).toBe('poseidon-bn254')
    const log = { projectId: ONE, version: '0.1' }
    const states: (string | undefined)[] = []
    for (;;) {
      const id = await packTask(modules, log)
      if (id === null) break
      states.push((await modules.tasks.get(id))?.state)
    }
    expect(states).toEqual(['packed', 'failed', 'packed'])
  })

  it('stops for a project whose file is gone, and loses nothing', async () => {
    const { w3b, modules, projectsDir, clock } = await core()
    await w3b.ingest([unsigned('1')])
    const bytes = readFileSync(join(projectsDir, '1'))
    rmSync(join(projectsDir, '1'))
    const log = { projectId: ONE, version: '0.1' }
    await expect.poll(() => w3b.project(ONE).catch((error) => error.code)).toBe('PROJECT_NOT_FOUND')
    await expect(packTask(modules, log)).rejects.toMatchObject({ code: 'PROJECT_NOT_FOUND' })
    writeFileSync(join(projectsDir, '1'), bytes)
    // A failure is remembered for a moment.
    clock.advance(5_000)
    await expect.poll(() => packTask(modules, log).catch((error) => error.message)).toMatch(/^0x/)
  })
})

describe('a task', () => {
  async function assigned(version: Readonly<Record<string, unknown>> = {}) {
    const made = await core(version)
    const [outcome] = await made.w3b.ingest([unsigned('{"t":1}')])
    if (!outcome?.accepted) throw new Error('refused')
    const id = await packTask(made.modules, { projectId: ONE, version: '0.1' })
    if (id === null) throw new Error('not packed')
    const record = await made.modules.tasks.get(id)
    if (record === null) throw new Error('not stored')
    await assignTask(made.modules, record, 60_000)
    return { ...made, id, messageId: outcome.id }
  }

  it('goes from a message to a receipt, whose leaf is in the root', async () => {
    const { w3b, prove, settle, id, messageId, printed } = await assigned()
    expect(await proveTask(prove, limits, id, idle)).toEqual({ type: 'done' })
    expect((await settleTasks(settle, { maxTries: 3 }, [id])).get(id)).toEqual({ type: 'done' })
    expect(printed).toEqual([id])
    const receipt = await w3b.receipt(messageId)
    expect(receipt).toMatchObject({ messageId, taskId: id, state: 'finalized', inputBound: false, verified: false })
    const inclusion = await w3b.inclusion(messageId)
    if (receipt === null || inclusion === null) throw new Error('no receipt')
    const leaf = leafHash(messageId, receipt.evidence.message.digest as never, inclusion.blind as never)
    expect(verifyInclusion(leaf, inclusion.proof, inclusion.root as never)).toBe(true)
    const history = await w3b.message(messageId)
    expect(history?.states.map((entry) => entry.state)).toEqual([
      'packed',
      'assigned',
      'proved',
      'settled',
      'finalized',
    ])
    expect(keccak256((await w3b.proof(id)) ?? new Uint8Array())).toBe(keccak256(new Uint8Array(32).fill(7)))
  })

  it('is not proved again while the chain that verifies is away', async () => {
    const { prove, id, runtime, clock } = await assigned()
    let away = true
    const verify = async () => {
      if (away) throw new ChainUnavailableError({ chainId: 1n, reason: 'for the test' })
      return 'unregistered' as const
    }
    for (let i = 0; i < 2; i++) {
      expect(await proveTask({ ...prove, verifier: { verify } }, limits, id, idle)).toMatchObject({ type: 'retry' })
      clock.advance(1_000)
    }
    away = false
    expect(await proveTask({ ...prove, verifier: { verify } }, limits, id, idle)).toEqual({ type: 'done' })
    expect(runtime.calls).toBe(1)
  })

  it('is finished after a process died between its last two steps', async () => {
    const { modules, prove, id, clock } = await assigned()
    await proveTask(prove, limits, id, idle)
    const by = { at: clock.now(), actor: 'settler', reason: 'printed' }
    await modules.tasks.advance(id, { to: 'settled', settlement: null, show: '' }, by)
    await reconcile(modules, sweep)
    expect((await modules.tasks.get(id))?.state).toBe('finalized')
  })

  it('is printed once beside another output, however often that has to wait', async () => {
    const outputs = [{ type: 'stdout' }, { type: 'settlement' }]
    const { modules, prove, settle, id, printed } = await assigned({ outputs })
    await proveTask({ ...prove, verifier: { verify: async () => 'verified' } }, limits, id, idle)
    let answer: { type: 'waiting'; reason: string; retryAfterMs: number } | { type: 'submitted' } = {
      type: 'waiting',
      reason: 'fees',
      retryAfterMs: 1,
    }
    const destination: typeof settle.destination = {
      types: ['stdout', 'settlement'],
      deliver: async (items) =>
        items[0]?.output.type === 'stdout' ? settle.destination.deliver(items) : new Map([[id, answer]]),
    }
    const step = () => settleTasks({ ...settle, destination }, { maxTries: 3 }, [id])
    for (let i = 0; i < 3; i++) expect((await step()).get(id)).toMatchObject({ type: 'retry' })
    expect(printed).toEqual([])
    answer = { type: 'submitted' }
    await step()
    await step()
    expect(printed).toEqual([id])
    expect((await modules.tasks.get(id))?.state).toBe('submitted')
  })

  it('takes the text of its proof along where a contract may ask for what the proof does not say', async () => {
    const ethereum = {
      chainEndpoint: '31337',
      contractAddress: `0x${'ab'.repeat(20)}`,
      contractMethod: 'submit',
      contractAbiJSON: '[]',
    }
    const texts: unknown[] = []
    for (const [vmTypeID, vmType] of [
      [1, 'risc0'],
      [2, 'halo2'],
    ] as const) {
      const { prove, settle, id } = await assigned({ vmTypeID, outputs: [{ type: 'ethereumContract', ethereum }] })
      const runtimes = new Map([[vmType, new InstantRuntime(vmType)]])
      await proveTask({ ...prove, runtimes, verifier: { verify: async () => 'verified' } }, limits, id, idle)
      const destination: typeof settle.destination = {
        types: ['ethereumContract'],
        deliver: async (items) => {
          texts.push(items[0]?.raw)
          return new Map([[id, { type: 'submitted' }]])
        },
      }
      await settleTasks({ ...settle, destination }, { maxTries: 3 }, [id])
    }
    expect(texts).toEqual([expect.stringContaining('publicInputs'), undefined])
  })

  it('shows its proof in its log, and one of megabytes by its hash alone', async () => {
    for (const [bytes, shown] of [
      [2 ** 20, /^0x(?:07){1048576}$/],
      [2 ** 20 + 1, /^0x[0-9a-f]{64}$/],
    ] as const) {
      const { w3b, prove, runtime, id, messageId } = await assigned()
      const proof = new Uint8Array(bytes).fill(7)
      const large: Runtime = {
        vmType: 'halo2',
        prove: async (job) => ({ ...(await runtime.prove(job)), proof, raw: toHex(proof) }),
        close: async () => {},
      }
      await proveTask({ ...prove, runtimes: new Map([['halo2' as const, large]]) }, limits, id, idle)
      for (const history of [await w3b.task(id), await w3b.message(messageId)])
        expect(shown.test(history?.states.at(-1)?.result ?? '')).toBe(true)
      expect(await w3b.proof(id)).toEqual(proof)
    }
  })

  it('is proved once when two workers take its hint', async () => {
    const { prove, id, runtime } = await assigned()
    const outcomes = await Promise.all([
      proveTask(prove, { ...limits, worker: 'w1' }, id, idle),
      proveTask(prove, { ...limits, worker: 'w2' }, id, idle),
    ])
    expect(outcomes.map((outcome) => outcome.type).sort()).toEqual(['done', 'retry'])
    expect(runtime.calls).toBe(1)
  })

  it('is left alone by a prover that was not asked', async () => {
    const { prove, id, runtime } = await assigned()
    await proveTask({ ...prove, signer: LocalSigner.generate() }, limits, id, idle)
    expect(runtime.calls).toBe(0)
  })

  it('is left to a prover that is at work on it past the deadline, for as long as a proof may take', async () => {
    const { modules, prove, id, clock } = await assigned()
    const attempt = async () => (await modules.tasks.get(id))?.assignment?.value.attempt
    clock.advance(59_000)
    const lease = await modules.tasks.lease(id, 'w1', clock.now(), 10_000)
    clock.advance(5_000)
    await reconcile(modules, sweep)
    expect(await attempt()).toBe(1n)
    await modules.tasks.renew(id, lease?.token ?? 0n, clock.now(), 10_000)
    clock.advance(9_000)
    await reconcile(modules, { ...sweep, maxAttempts: 1 })
    expect(await modules.tasks.get(id)).toMatchObject({ state: 'assigned', tries: 0 })
    expect(await proveTask(prove, limits, id, idle)).toEqual({ type: 'done' })
    expect(await modules.tasks.get(id)).toMatchObject({ state: 'proved', assignment: { value: { attempt: 1n } } })
  })

  it('is assigned anew past the deadline as soon as nobody is at work on it', async () => {
    for (const end of ['released', 'run out', 'renewed for too long']) {
      const { modules, id, clock } = await assigned()
      const attempt = async () => (await modules.tasks.get(id))?.assignment?.value.attempt
      const lease = await modules.tasks.lease(id, 'w1', clock.now(), 70_000)
      clock.advance(62_000)
      await reconcile(modules, sweep)
      expect(await attempt()).toBe(1n)
      if (end === 'released') await modules.tasks.release(id, lease?.token ?? 0n)
      if (end === 'run out') clock.advance(8_000)
      if (end === 'renewed for too long') {
        await modules.tasks.renew(id, lease?.token ?? 0n, clock.now(), 600_000)
        clock.advance(30_000)
      }
      await reconcile(modules, sweep)
      expect(await attempt()).toBe(2n)
    }
  })

  it('gets its next attempt only after the deadline, and a late result of the first is refused', async () => {
    const { modules, prove, id, clock } = await assigned()
    const lease = await modules.tasks.lease(id, 'slow', clock.now(), 600_000)
    await reconcile(modules, sweep)
    expect((await modules.tasks.get(id))?.assignment?.value.attempt).toBe(1n)
    clock.advance(92_000)
    await reconcile(modules, sweep)
    expect((await modules.tasks.get(id))?.assignment?.value.attempt).toBe(2n)
    const step = {
      to: 'proved' as const,
      token: lease?.token ?? 0n,
      proof: { blob: id as never, bytes: 1, outputs: '0x' as const, raw: id as never, bound: false, provingMs: 1 },
      result: null,
      show: '',
    }
    await expect(modules.tasks.advance(id, step, { at: clock.now(), actor: 'slow', reason: '' })).rejects.toMatchObject(
      { code: 'STALE_LEASE' },
    )
    expect(await proveTask(prove, limits, id, idle)).toEqual({ type: 'done' })
  })

  it('fails with a reason after its last attempt, and can be replayed', async () => {
    const { modules, w3b, prove, id, clock } = await assigned()
    for (let i = 0; i < 4; i++) {
      clock.advance(70_000)
      await reconcile(modules, sweep)
    }
    expect(await modules.tasks.get(id)).toMatchObject({ state: 'failed', failure: expect.stringContaining('deadline') })
    await w3b.replay(id, 'operator')
    expect(await proveTask(prove, limits, id, idle)).toEqual({ type: 'done' })
    expect((await modules.tasks.get(id))?.state).toBe('proved')
  })

  it('that is replayed goes on counting attempts, and waits for another prover to run out of time', async () => {
    const { modules, w3b, id, clock } = await assigned()
    await modules.tasks.advance(id, { to: 'failed' }, { at: clock.now(), actor: 'test', reason: 'for the test' })
    expect((await w3b.replay(id, 'operator')).assignment?.value.attempt).toBe(2n)
    await modules.tasks.advance(id, { to: 'failed' }, { at: clock.now(), actor: 'test', reason: 'again' })
    const other = { provers: async () => [{ id: 'other', address: LocalSigner.generate().address }] }
    const record = await modules.tasks.get(id)
    if (record === null) throw new Error('gone')
    const { replayTask } = await import('@w3bstream/core')
    const replayed = await replayTask(modules, id, 'operator', record)
    await expect(assignTask({ ...modules, provers: other }, replayed, 1)).rejects.toMatchObject({
      code: 'ASSIGNMENT_STANDS',
    })
    clock.advance(62_000)
    const anew = await assignTask({ ...modules, provers: other }, replayed, 60_000)
    expect(anew.assignment?.value.attempt).toBe(3n)
  })

  it('whose proof was lost is proved again when it is replayed', async () => {
    const { modules, w3b, prove, id, clock } = await assigned()
    await proveTask(prove, limits, id, idle)
    await modules.tasks.advance(id, { to: 'failed' }, { at: clock.now(), actor: 'test', reason: 'for the test' })
    const proof = (await modules.tasks.get(id))?.proof
    if (!proof) throw new Error('no proof')
    await modules.blobs.delete(proof.blob)
    expect((await w3b.replay(id, 'operator')).state).toBe('assigned')
  })

  it('fails alone when its program fails', async () => {
    const { modules, prove, id } = await assigned()
    const { ProgramError } = await import('@w3bstream/protocol')
    const broken = {
      vmType: 'halo2' as const,
      prove: () => Promise.reject(new ProgramError({ runtime: 'halo2', reason: 'it panicked' })),
      close: async () => {},
    }
    const outcome = await proveTask({ ...prove, runtimes: new Map([['halo2', broken]]) }, limits, id, idle)
    expect(outcome).toEqual({ type: 'failed', reason: 'The halo2 program failed: it panicked' })
    expect(await modules.tasks.get(id)).toMatchObject({ state: 'failed', failure: expect.stringContaining('panicked') })
  })

  it('outlives a chain that is away, however often it is tried', async () => {
    const { modules, prove, id } = await assigned()
    const { ChainUnavailableError } = await import('@w3bstream/protocol')
    const away = {
      verify: () => Promise.reject(new ChainUnavailableError({ chainId: 31337n, reason: 'it does not answer' })),
    }
    for (let i = 0; i < limits.maxTries + 2; i++)
      expect(await proveTask({ ...prove, verifier: away }, limits, id, idle)).toMatchObject({ type: 'retry' })
    expect(await modules.tasks.get(id)).toMatchObject({ state: 'assigned', tries: 0 })
    expect(await proveTask(prove, limits, id, idle)).toEqual({ type: 'done' })
    expect(await modules.tasks.get(id)).toMatchObject({ state: 'proved' })
  })

  describe('whose lease cannot be renewed', () => {
    /** @param failures of the first renewals */
    function failingStore(tasks: TaskStore, failures: number) {
      const renewals = { asked: 0, done: 0 }
      const renew: TaskStore['renew'] = async (...args) => {
        if (++renewals.asked <= failures) throw new StoreUnavailableError({ reason: 'for the test' })
        const lease = await tasks.renew(...args)
        renewals.done++
        return lease
      }
      const store = new Proxy(tasks, {
        get: (target, key) => {
          if (key === 'renew') return renew
          const member: unknown = Reflect.get(target, key, target)
          return typeof member === 'function' ? member.bind(target) : member
        },
      })
      return { renewals, store }
    }
    /** Proves until `isDone`, or until it is told to stop. */
    const provingUntil = (runtime: InstantRuntime, isDone: () => boolean): Runtime => ({
      vmType: 'halo2',
      prove: async (job, signal) => {
        while (!isDone()) {
          signal.throwIfAborted()
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
        return runtime.prove(job)
      },
      close: async () => {},
    })

    it('goes on while the lease lasts, and is proved', async () => {
      const { modules, prove, runtime, id } = await assigned()
      const { renewals, store } = failingStore(modules.tasks, 3)
      const runtimes = new Map([['halo2' as const, provingUntil(runtime, () => renewals.done > 0)]])
      const outcome = await proveTask({ ...prove, tasks: store, runtimes }, { ...limits, leaseMs: 1_500 }, id, idle)
      expect(outcome).toEqual({ type: 'done' })
      expect((await modules.tasks.get(id))?.state).toBe('proved')
    })

    it('stops before the lease is over, to be taken again', async () => {
      const { modules, prove, runtime, id } = await assigned()
      const { renewals, store } = failingStore(modules.tasks, Number.POSITIVE_INFINITY)
      const runtimes = new Map([['halo2' as const, provingUntil(runtime, () => false)]])
      const outcome = await proveTask({ ...prove, tasks: store, runtimes }, { ...limits, leaseMs: 300 }, id, idle)
      expect(outcome).toMatchObject({ type: 'retry' })
      expect(renewals.asked).toBeGreaterThan(1)
      expect(await modules.tasks.get(id)).toMatchObject({ state: 'assigned', tries: 0 })
    })

    it('stops at once where another has it', async () => {
      const { modules, prove, runtime, id, clock } = await assigned()
      const running = provingUntil(runtime, () => false)
      const taking: Runtime = {
        ...running,
        prove: async (job, signal) => {
          clock.advance(600_001)
          await modules.tasks.lease(id, 'another', clock.now(), 600_000)
          return running.prove(job, signal)
        },
      }
      const started = performance.now()
      const ports = { ...prove, runtimes: new Map([['halo2' as const, taking]]) }
      expect(await proveTask(ports, { ...limits, leaseMs: 3_000 }, id, idle)).toEqual({ type: 'done' })
      expect(performance.now() - started).toBeLessThan(2_500)
      expect((await modules.tasks.get(id))?.state).toBe('assigned')
    })
  })

  describe('whose runtime is lost', () => {
    const lost = () => new RuntimeLostError({ runtime: 'halo2', reason: 'its process was killed' })
    const losing: Runtime = { vmType: 'halo2', prove: () => Promise.reject(lost()), close: async () => {} }

    it('is tried once more elsewhere, and proved', async () => {
      const { w3b, modules, prove, id } = await assigned()
      const ports = { ...prove, runtimes: new Map([['halo2' as const, losing]]) }
      expect(await proveTask(ports, { ...limits, maxTries: 1 }, id, idle)).toMatchObject({ type: 'retry' })
      expect(await modules.tasks.get(id)).toMatchObject({ state: 'assigned', tries: 1 })
      expect(await proveTask(prove, { ...limits, worker: 'w2' }, id, idle)).toEqual({ type: 'done' })
      expect((await w3b.task(id))?.states.map(({ state, reason }) => [state, reason])).toEqual([
        ['packed', ''],
        ['assigned', 'attempt 1 by local'],
        ['assigned', 'to be proved once more: The halo2 runtime was lost: its process was killed'],
        ['proved', 'no verifier is registered: not checked'],
      ])
    })

    it('fails when that is lost too, however many tries there are, and is tried twice again when it is replayed', async () => {
      const { w3b, modules, prove, id } = await assigned()
      const ports = { ...prove, runtimes: new Map([['halo2' as const, losing]]) }
      const generous = { ...limits, maxTries: 100 }
      for (let i = 0; i < 2; i++) {
        expect(await proveTask(ports, generous, id, idle)).toMatchObject({ type: 'retry' })
        expect(await proveTask(ports, generous, id, idle)).toEqual({ type: 'failed', reason: lost().message })
        expect(await modules.tasks.get(id)).toMatchObject({ state: 'failed', failure: lost().message })
        if (i === 0) await w3b.replay(id, 'operator')
      }
    })

    it('is tried once more, whatever else failed before', async () => {
      const { modules, prove, id } = await assigned()
      await modules.tasks.countTry(id, 'something else')
      const ports = { ...prove, runtimes: new Map([['halo2' as const, losing]]) }
      expect(await proveTask(ports, limits, id, idle)).toMatchObject({ type: 'retry' })
      expect(await proveTask(ports, limits, id, idle)).toMatchObject({ type: 'failed' })
    })
  })

  it('is told to its runtime as one that a router checks, where it is', async () => {
    const reason = 'no Groth16 prover is here'
    const seen: boolean[] = []
    const composite: Runtime = {
      vmType: 'halo2',
      prove: async (job) => {
        seen.push(job.onChain)
        throw new UnsupportedRuntimeError({ runtime: 'halo2', reason })
      },
      close: async () => {},
    }
    for (const outputs of [[{ type: 'settlement' }], [{ type: 'stdout' }]]) {
      const { prove, id } = await assigned({ outputs })
      const ports = { ...prove, runtimes: new Map([['halo2' as const, composite]]) }
      expect(await proveTask(ports, limits, id, idle)).toMatchObject({
        type: 'failed',
        reason: expect.stringContaining(reason),
      })
    }
    expect(seen).toEqual([true, false])
  })

  describe('that takes a while', () => {
    const notes = { firstMs: 0, everyMs: 0 }
    /** Tells of three segments, each once what was told before had time to be written. */
    const telling = (runtime: InstantRuntime): Runtime => ({
      vmType: 'halo2',
      prove: async (job, _signal, onProgress) => {
        for (let done = 1; done <= 3; done++) {
          onProgress?.({ phase: 'proving', done, planned: 3 })
          await new Promise((resolve) => setTimeout(resolve, 30))
        }
        return { ...(await runtime.prove(job)), checkedBy: 'image id 0x12' }
      },
      close: async () => {},
    })

    it('says in its log how far it is, and what checked the proof', async () => {
      const { w3b, prove, runtime, id, messageId } = await assigned()
      const ports = { ...prove, runtimes: new Map([['halo2' as const, telling(runtime)]]) }
      expect(await proveTask(ports, { ...limits, notes }, id, idle)).toEqual({ type: 'done' })
      const states = (await w3b.message(messageId))?.states ?? []
      expect(states.map(({ state, reason }) => [state, reason])).toEqual([
        ['packed', ''],
        ['assigned', 'attempt 1 by local'],
        ['assigned', 'proving: 1 of 3 segments'],
        ['assigned', 'proving: 2 of 3 segments'],
        ['assigned', 'proving: 3 of 3 segments'],
        ['proved', 'no verifier is registered: checked by image id 0x12'],
      ])
      // The older APIs show each state once, with what was last said of it.
      const older = sproutStates(states, 0).map(({ state, comment }) => [state, comment])
      expect(older).toEqual([
        ['received', ''],
        ['packed', ''],
        ['dispatched', 'proving: 3 of 3 segments'],
        ['proved', 'no verifier is registered: checked by image id 0x12'],
      ])
      expect(w3bstreamStates(states, null).map(({ state }) => state)).toEqual(['packed', 'assigned'])
    })

    it('says what checked a receipt that the registered verifier does not take', async () => {
      const { w3b, prove, runtime, id, messageId } = await assigned()
      const runtimes = new Map([['halo2' as const, telling(runtime)]])
      let asked: boolean | undefined
      const verifier: Verifier = {
        verify: async ({ settles }) => {
          asked = settles
          return 'offChain'
        },
      }
      expect(await proveTask({ ...prove, runtimes, verifier }, limits, id, idle)).toEqual({ type: 'done' })
      const states = (await w3b.message(messageId))?.states ?? []
      expect(states.at(-1)).toMatchObject({
        state: 'proved',
        reason: 'the registered verifier takes no receipt of this form: checked by image id 0x12',
      })
      expect(asked).toBe(false)
    })

    it('is proved although nothing can be noted', async () => {
      const { modules, prove, runtime, id } = await assigned()
      let asked = 0
      const tasks = new Proxy(modules.tasks, {
        get: (target, key) => {
          if (key === 'note') return () => Promise.reject(new StoreUnavailableError({ reason: `note ${++asked}` }))
          const member: unknown = Reflect.get(target, key, target)
          return typeof member === 'function' ? member.bind(target) : member
        },
      })
      const ports = { ...prove, tasks, runtimes: new Map([['halo2' as const, telling(runtime)]]) }
      expect(await proveTask(ports, { ...limits, notes }, id, idle)).toEqual({ type: 'done' })
      expect(asked).toBeGreaterThan(0)
      expect((await modules.tasks.get(id))?.state).toBe('proved')
    })
  })

  describe('that waits for a place on its machine', () => {
    function crowded(runtime: InstantRuntime) {
      const place = Promise.withResolvers<boolean>()
      const seen = { asked: 0, released: 0 }
      const shared: Runtime = {
        vmType: 'halo2',
        prove: () => Promise.reject(new Error('only in its place')),
        reserve: (_ask, signal) => {
          seen.asked++
          const stopped = Promise.withResolvers<never>()
          signal.addEventListener('abort', () => stopped.reject(signal.reason), { once: true })
          const free = place.promise.then((isFree) =>
            isFree ? { prove: (job: ProveJob) => runtime.prove(job), release: () => void seen.released++ } : null,
          )
          return Promise.race([free, stopped.promise])
        },
        close: async () => {},
      }
      return { seen, place, runtimes: new Map([['halo2' as const, shared]]) }
    }

    it('is leased when it has one, and gives it back', async () => {
      const { modules, prove, runtime, clock, id } = await assigned()
      const { seen, place, runtimes } = crowded(runtime)
      const proving = proveTask({ ...prove, runtimes }, limits, id, idle)
      await vi.waitFor(() => expect(seen.asked).toBe(1))
      // Another could have it now.
      const other = await modules.tasks.lease(id, 'another', clock.now(), 1_000)
      expect(other).not.toBeNull()
      if (other !== null) await modules.tasks.release(id, other.token)
      place.resolve(true)
      expect(await proving).toEqual({ type: 'done' })
      expect((await modules.tasks.get(id))?.state).toBe('proved')
      expect(seen.released).toBe(1)
    })

    it('is left to whoever took it meanwhile', async () => {
      const { prove, runtime, id } = await assigned()
      const { seen, place, runtimes } = crowded(runtime)
      const waiting = proveTask({ ...prove, runtimes }, limits, id, idle)
      await vi.waitFor(() => expect(seen.asked).toBe(1))
      expect(await proveTask(prove, { ...limits, worker: 'w2' }, id, idle)).toEqual({ type: 'done' })
      place.resolve(true)
      expect(await waiting).toEqual({ type: 'done' })
      expect(seen.released).toBe(1)
      expect(runtime.calls).toBe(1)
    })

    it('asks for none while another is at work on it', async () => {
      const { modules, prove, runtime, clock, id } = await assigned()
      const { seen, runtimes } = crowded(runtime)
      await modules.tasks.lease(id, 'another', clock.now(), 1_000)
      expect(await proveTask({ ...prove, runtimes }, limits, id, idle)).toEqual({
        type: 'retry',
        afterMs: limits.leaseMs / 2,
      })
      expect(seen.asked).toBe(0)
    })

    it('goes back to the queue where there is none, and where it is told to stop', async () => {
      const { modules, prove, runtime, id } = await assigned()
      const full = crowded(runtime)
      full.place.resolve(false)
      expect(await proveTask({ ...prove, runtimes: full.runtimes }, limits, id, idle)).toEqual({
        type: 'retry',
        afterMs: 5_000,
        isFull: true,
      })
      const { seen, runtimes } = crowded(runtime)
      const stop = new AbortController()
      const waiting = proveTask({ ...prove, runtimes }, limits, id, stop.signal)
      await vi.waitFor(() => expect(seen.asked).toBe(1))
      stop.abort(new Error('draining'))
      expect(await waiting).toEqual({ type: 'retry', afterMs: 0 })
      expect(await modules.tasks.get(id)).toMatchObject({ state: 'assigned', tries: 0 })
    })
  })

  it('whose output is the router fails when no verifier is registered', async () => {
    const { modules, prove, id } = await assigned({ outputs: [{ type: 'settlement' }] })
    expect(await proveTask(prove, limits, id, idle)).toMatchObject({
      type: 'failed',
      reason: expect.stringContaining('no registered verifier'),
    })
    expect((await modules.tasks.get(id))?.proof).toBeNull()
  })

  it('whose runtime is not here fails with a reason', async () => {
    const { prove, id } = await assigned({ vmTypeID: 1 })
    expect(await proveTask(prove, limits, id, idle)).toMatchObject({
      type: 'failed',
      reason: expect.stringContaining('risc0'),
    })
  })

  it('loses no step when hints are lost: the sweep sends them again', async () => {
    const { modules, prove, settle, id, clock, proveQueue } = await assigned()
    const lost = await proveQueue.receive({ max: 10, visibilityMs: 60_000, waitMs: 0 })
    for (const hint of lost) await proveQueue.ack(hint.handle)
    clock.advance(2_000)
    await reconcile(modules, sweep)
    expect(await proveQueue.depth()).toBe(1)
    await proveTask(prove, limits, id, idle)
    for (const hint of await modules.settleQueue.receive({ max: 10, visibilityMs: 60_000, waitMs: 0 }))
      await modules.settleQueue.ack(hint.handle)
    clock.advance(2_000)
    await reconcile(modules, sweep)
    expect(await modules.settleQueue.depth()).toBe(1)
    await settleTasks(settle, { maxTries: 3 }, [id])
    expect((await modules.tasks.get(id))?.state).toBe('finalized')
  })

  it('is found by the sweep behind tasks that cannot move, and each of those again, however few a sweep looks at', async () => {
    const made = await embeddedCore(tempDir(), { '1': projectFile(), '2': projectFile() })
    onTestFinished(() => made.close())
    const { modules, w3b, clock } = made
    const two = projectId(2n)
    const pack = async (project: ProjectId): Promise<TaskId> => {
      await w3b.ingest([unsigned('{"t":1}', { projectId: project })])
      clock.advance(10)
      const id = await packTask(modules, { projectId: project, version: '0.1' })
      if (id === null) throw new Error('not packed')
      return id
    }
    const stuck = [await pack(ONE), await pack(ONE), await pack(ONE), await pack(ONE), await pack(ONE)]
    const younger = await pack(two)
    clock.advance(2_000)
    let served: readonly ProjectId[] = [two]
    const { provers } = modules
    const some = { provers: async (id: ProjectId) => (served.includes(id) ? provers.provers(id) : []) }
    const round = async () => {
      for (let i = 0; i < 4; i++) await reconcile({ ...modules, provers: some }, { ...sweep, batch: 2 })
    }
    const states = async (ids: readonly TaskId[]) =>
      new Set(await Promise.all(ids.map(async (id) => (await modules.tasks.get(id))?.state)))
    await round()
    expect(await states([younger])).toEqual(new Set(['assigned']))
    expect(await states(stuck)).toEqual(new Set(['packed']))
    served = [ONE, two]
    await round()
    await round()
    expect(await states(stuck)).toEqual(new Set(['assigned']))
  })

  it('has its hint repeated in time although a round takes many sweeps', async () => {
    const { modules, w3b, clock, proveQueue } = await assigned()
    for (let i = 0; i < 3; i++) {
      await w3b.ingest([unsigned('{"t":1}')])
      const id = await packTask(modules, { projectId: ONE, version: '0.1' })
      const record = id === null ? null : await modules.tasks.get(id)
      if (record !== null) await assignTask(modules, record, 1e9)
    }
    const limits = { ...sweep, proveTimeoutMs: 1e9, batch: 1, repeat: { sweepMs: 1_000, mostMs: 8_000 } }
    const taken = async () => {
      const hints = await proveQueue.receive({ max: 10, visibilityMs: 60_000, waitMs: 0 })
      for (const hint of hints) await proveQueue.ack(hint.handle)
      return hints.map(({ body }) => body)
    }
    expect(await taken()).toHaveLength(4)
    const repeated: string[] = []
    for (let second = 1; second <= 24; second++) {
      clock.advance(1_000)
      await reconcile(modules, limits)
      repeated.push(...(await taken()))
    }
    expect(new Set(repeated).size).toBe(4)
    for (const id of new Set(repeated)) expect(repeated.filter((one) => one === id).length).toBeGreaterThan(2)
  })

  it('has its hint repeated ever more rarely where a queue keeps equal hints apart', async () => {
    const { modules, clock, proveQueue } = await assigned()
    const limits = { ...sweep, proveTimeoutMs: 1e9, repeat: { sweepMs: 1_000, mostMs: 8_000 } }
    const sentAt: number[] = []
    const taken = async () => {
      const hints = await proveQueue.receive({ max: 10, visibilityMs: 60_000, waitMs: 0 })
      for (const hint of hints) await proveQueue.ack(hint.handle)
      return hints.length
    }
    expect(await taken()).toBe(1)
    for (let second = 1; second <= 25; second++) {
      clock.advance(1_000)
      await reconcile(modules, limits)
      if ((await taken()) > 0) sentAt.push(second)
    }
    expect(sentAt).toEqual([1, 2, 4, 8, 16, 24])
  })

  it('has its hint repeated only while nobody is at work on it', async () => {
    const { modules, clock, proveQueue, id } = await assigned()
    const limits = { ...sweep, proveTimeoutMs: 1e9, repeat: { sweepMs: 1_000, mostMs: 1_000 } }
    const isRepeated = async () => {
      clock.advance(1_000)
      await reconcile(modules, limits)
      const hints = await proveQueue.receive({ max: 10, visibilityMs: 60_000, waitMs: 0 })
      for (const hint of hints) await proveQueue.ack(hint.handle)
      return hints.length > 0
    }
    await isRepeated()
    await modules.tasks.lease(id, 'prover', clock.now(), 1_500)
    expect([await isRepeated(), await isRepeated()]).toEqual([false, true])
  })
})

describe('sequence', () => {
  it('packs and assigns all that is due, whatever another log meets', async () => {
    const made = await embeddedCore(tempDir(), { '1': projectFile(), '2': projectFile() })
    onTestFinished(() => made.close())
    const { modules, w3b } = made
    const both = [ONE, projectId(2n)] as const
    for (const id of [...both, ...both]) await w3b.ingest([unsigned('{"t":1}', { projectId: id })])
    const failing = {
      ...modules,
      projects: new Proxy(modules.projects, {
        get: (target, key) =>
          key === 'version'
            ? (id: ProjectId, version: string) =>
                id === ONE ? Promise.reject(new Error('it is gone')) : target.version(id, version)
            : Reflect.get(target, key, target),
      }),
    }
    const limits = { proveTimeoutMs: 60_000, parallel: 4 }
    expect(await sequence(failing, limits, null, idle)).toEqual({
      made: 2,
      failed: [{ projectId: ONE, version: '0.1' }],
    })
    expect((await modules.tasks.list({ state: 'assigned', limit: 10 })).tasks).toHaveLength(2)
    expect(await sequence(modules, limits, [{ projectId: projectId(2n), version: '0.1' }], idle)).toMatchObject({
      made: 0,
    })
    expect(await sequence(modules, limits, [{ projectId: ONE, version: '0.1' }], idle)).toMatchObject({ made: 2 })
  })
})
