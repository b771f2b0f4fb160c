import { readFileSync } from 'node:fs'
import type { ProofOutput, ProveJob, ProveProgress } from '@w3bstream/core/ports'
import { runtimeSuite } from '@w3bstream/core/ports/suites'
import {
  concatBytes,
  type Hash,
  inputCommitment,
  ProgramError,
  ProgramLimitError,
  RuntimeLostError,
  toHex,
  toWord,
  UnsupportedRuntimeError,
} from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { GrpcRuntime } from './GrpcRuntime.ts'
import { protocols } from './grpc/protocols.ts'
import { Risc0Runtime } from './Risc0Runtime.ts'
import { childrenOf } from './test/childrenOf.ts'
import { guestJob, imageIdOf } from './test/guests.ts'
import { BINDING, COMMITMENT, proveJob } from './test/proveJob.ts'
import { answer, startGrpcServer, stream } from './test/startGrpcServer.ts'
import { startNative } from './test/startNative.ts'

// A proof takes seconds of all cores, and others may want them.
vi.setConfig({ testTimeout: 240_000 })

const never = new AbortController().signal

describe('Risc0Runtime', () => {
  runtimeSuite(async () => {
    const { native, close } = startNative()
    return {
      runtime: new Risc0Runtime({ native }),
      good: narrow(guestJob('silent')),
      failing: guestJob('panics'),
      endless: narrow(guestJob('loops', { timeoutMs: 1_500 })),
      // Page by page, at a zkVM's speed: its time ends before its memory.
      hungry: narrow(guestJob('allocates', { timeoutMs: 5_000 })),
      broken: { ...guestJob('silent'), program: { bytes: Buffer.from('no ELF at all'), hash: COMMITMENT } },
      close,
    }
  })
})

describe('a guest', () => {
  let at: ReturnType<typeof startNative>
  let runtime: Risc0Runtime
  let proved: ProofOutput
  const progress: ProveProgress[] = []
  beforeAll(async () => {
    at = startNative()
    runtime = new Risc0Runtime(at)
    proved = await runtime.prove(guestJob('silent'), never, (one) => progress.push(one))
  }, 240_000)
  afterAll(() => at.close())

  it('is executed without a proof', async () => {
    const job = guestJob('echo', { payloads: ['{"a":1}'] })
    const run = await runtime.execute(job, never)
    expect(Buffer.from(run.journal?.slice(2) ?? '', 'hex').toString()).toBe(JSON.stringify(job.payloads))
    expect(run.outputs).toBe('0x')
    expect(run.cycles?.segments).toBe(1)
    expect(run.cycles?.total).toBeGreaterThanOrEqual(run.cycles?.user ?? Number.NaN)
    expect(run.memoryBytes).toBeGreaterThan(0)
  })

  it('that is bound to its task states its outputs, and opens no other commitment', async () => {
    const elf = readFileSync(new URL('../../../examples/risc0-weather/artifacts/weather.elf', import.meta.url))
    const payloads = ['{"temperature":12.8}', '{"temperature":-1.5}']
    const commitment = inputCommitment({ scheme: 'sha256' }, { salt: guestJob('silent').salt, payloads })
    const weather = (committed: Hash): ProveJob => ({
      ...guestJob('silent', { payloads, inputCommitment: committed }),
      program: proveJob(elf).program,
    })
    const run = await runtime.execute(weather(commitment), never)
    expect(run.outputs).toBe(toHex(concatBytes(...[2n, 913n, 385n, 528n].map((word) => toWord(word)))))
    expect(run.journal).toBe(`${BINDING}${commitment.slice(2)}${run.outputs.slice(2)}`)
    await expect(runtime.execute(weather(COMMITMENT), never)).rejects.toThrow(ProgramError)
  })

  it('brings its proof with progress, checked by its image id', () => {
    expect(proved).toMatchObject({ outputs: '0x', publicInputs: [], checkedBy: `image id ${imageIdOf('silent')}` })
    expect(JSON.parse(proved.raw)).toMatchObject({ Stark: { imageId: imageIdOf('silent'), journal: '0x' } })
    const phases = progress.map(({ phase }) => phase)
    expect(phases[0]).toBe('executing')
    expect(phases).toContain('proving')
    for (const { done, planned } of progress) expect(done).toBeLessThanOrEqual(planned)
  })

  it.each([
    ['is malformed', 'an ELF', () => corrupt(guestJob('silent'))],
    ['is cut off', 'an ELF', () => cut(guestJob('silent'))],
  ])('that %s is refused', async (_what, _kind, job) => {
    await expect(runtime.execute(job(), never)).rejects.toThrow(ProgramError)
  })

  it('with another image id than its methods.rs claims is refused', async () => {
    const elf = guestJob('silent').program.bytes
    const text = `pub const A_ELF: &[u8] = &[${elf.join(',')}];\npub const A_ID: [u32; 8] = [1, 2, 3, 4, 5, 6, 7, 8];\n`
    const job = guestJob('silent', { codeExpParam: '{"image_id":"A_ID","elf":"A_ELF"}' })
    const claiming = { ...job, program: { bytes: Buffer.from(text), hash: COMMITMENT } }
    await expect(runtime.execute(claiming, never)).rejects.toThrow(/image id/i)
  })

  it('that commits nothing, or something else, is refused where its task has a commitment', async () => {
    const silent = runtime.execute(guestJob('silent', { inputCommitment: COMMITMENT }), never)
    await expect(silent).rejects.toThrow('committed nothing')
    const echo = runtime.execute(guestJob('echo', { inputCommitment: COMMITMENT }), never)
    await expect(echo).rejects.toThrow('does not begin with the binding')
  })

  it('that panics says why', async () => {
    await expect(runtime.execute(guestJob('panics'), never)).rejects.toThrow('this guest panics')
  })

  it.each(['loops', 'allocates'] as const)('that %s without end is stopped while it is executed', async (name) => {
    const job = guestJob(name, { timeoutMs: 3_000 })
    await expect(runtime.execute(job, never)).rejects.toThrow(ProgramLimitError)
  })

  it('is not proved for a chain where nothing compresses', async () => {
    const client = await at.native.client(never)
    const { compressors } = await client.describe(never)
    if (compressors.length > 0) return expect(compressors).not.toContain('')
    await expect(runtime.prove(guestJob('silent', { onChain: true }), never)).rejects.toThrow(UnsupportedRuntimeError)
  })

  /** What this node says to a proof that some image returned. */
  const returned = async (job: ProveJob, proof: Uint8Array, journal: Uint8Array): Promise<ProofOutput> => {
    await using server = await startGrpcServer([
      answer(protocols.ours.describe, () => ({})),
      answer(protocols.ours.load, () => ({ handle: Buffer.from([1]), image_id: Buffer.alloc(32) })),
      stream(protocols.ours.prove, (call) => {
        call.write({ proof: { proof, journal, kind: 'composite' } })
        call.end()
      }),
    ])
    const image = new GrpcRuntime({ vmType: 'risc0', address: server.address, checker: at.native })
    try {
      return await image.prove(job, never)
    } finally {
      await image.close()
    }
  }

  it('is taken from an image that proved it', async () => {
    const output = await returned(guestJob('silent'), proved.proof, new Uint8Array())
    expect(output.checkedBy).toBe(`image id ${imageIdOf('silent')}`)
  })

  it.each([
    [
      'a receipt of another program',
      () => returned(guestJob('echo'), proved.proof, new Uint8Array()),
      'another program',
    ],
    ['a receipt of dev mode', () => returned(guestJob('silent'), fakeReceipt(), new Uint8Array()), 'dev mode'],
    [
      'another journal than the receipt’s',
      () => returned(guestJob('silent'), proved.proof, Buffer.from('x')),
      'journal',
    ],
    [
      'a receipt whose journal was changed',
      () => returned(guestJob('silent'), withJournal(proved.proof), Buffer.from('x')),
      '',
    ],
    ['a receipt that was changed', () => returned(guestJob('silent'), flipped(proved.proof), new Uint8Array()), ''],
    ['no receipt', () => returned(guestJob('silent'), Buffer.from('receipt'), new Uint8Array()), 'not a receipt'],
  ])('is refused with %s', async (_what, proving, reason) => {
    const refused = proving()
    await expect(refused).rejects.toThrow(ProgramError)
    await expect(refused).rejects.toThrow('its proof does not hold: ')
    await expect(refused).rejects.toThrow(reason)
  })
})

describe('a process that is killed in the middle of a proof', () => {
  let at: ReturnType<typeof startNative>
  beforeAll(() => {
    at = startNative()
  })
  afterAll(() => at.close())

  it.each([
    ['the one that proves', (server: number) => childrenOf(server)],
    ['the server', (server: number) => [server]],
  ])('%s: the runtime is lost, and the next task goes on', async (_what, victims) => {
    const runtime = new Risc0Runtime(at)
    const proving = Promise.withResolvers<void>()
    const outcome = runtime
      .prove(guestJob('loops'), never, () => proving.resolve())
      .then(
        () => null,
        (error: unknown) => error,
      )
    expect(await Promise.race([proving.promise, outcome])).toBeUndefined()
    const { pid } = at.native
    if (pid === undefined) throw new TypeError('no server')
    for (const victim of victims(pid)) process.kill(victim, 'SIGKILL')
    expect(await outcome).toBeInstanceOf(RuntimeLostError)
    expect((await runtime.execute(guestJob('silent'), never)).journal).toBe('0x')
  })
})

/** One thread is enough: two jobs at a time must have theirs. */
function narrow(job: ProveJob): ProveJob {
  return { ...job, limits: { ...job.limits, threads: 1 } }
}

function corrupt(job: ProveJob): ProveJob {
  const bytes = Uint8Array.from(job.program.bytes)
  bytes.fill(0xff, 24, 64)
  return { ...job, program: { bytes, hash: COMMITMENT } }
}

function cut(job: ProveJob): ProveJob {
  return { ...job, program: { bytes: job.program.bytes.subarray(0, 500), hash: COMMITMENT } }
}

function flipped(proof: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(proof)
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  return bytes
}

/** The receipt with `x` in the place of its empty journal: behind the seal stand the journal's length and 32 bytes of parameters. */
function withJournal(proof: Uint8Array): Uint8Array {
  const at = proof.length - 32 - 8
  expect(toHex(proof.subarray(at, at + 8))).toBe('0x0000000000000000')
  return Buffer.concat([proof.subarray(0, at), Buffer.from('010000000000000078', 'hex'), proof.subarray(at + 8)])
}

/** A receipt as dev mode makes it, in bincode: variant 3, a pruned claim, no journal. */
function fakeReceipt(): Uint8Array {
  return Buffer.concat([Buffer.from('0300000001000000', 'hex'), Buffer.alloc(32, 5), Buffer.alloc(8), Buffer.alloc(32)])
}
