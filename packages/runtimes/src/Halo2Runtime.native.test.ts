import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runtimeSuite } from '@w3bstream/core/ports/suites'
import { hash, inputCommitment, ProgramError, toHex, UnsupportedRuntimeError } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { GrpcRuntime } from './GrpcRuntime.ts'
import { protocols } from './grpc/protocols.ts'
import { Halo2Runtime } from './Halo2Runtime.ts'
import { Sandbox } from './sandbox/Sandbox.ts'
import { proveTaskModule } from './test/programs.ts'
import { BINDING, proveJob } from './test/proveJob.ts'
import { answer, startGrpcServer, stream } from './test/startGrpcServer.ts'
import { startNative } from './test/startNative.ts'
import { wat } from './test/wat.ts'

vi.setConfig({ testTimeout: 120_000 })

const never = new AbortController().signal
const key = readFileSync(new URL('../../../examples/halo2-weather/artifacts/verifying.key', import.meta.url))
const verifyingKey = toHex(createHash('sha256').update(key).digest())
const codeExpParam = JSON.stringify({ circuit: 'weather', verifying_key: verifyingKey })
const payloads = ['{"temperature":12.8}', '{"temperature":-1.5}']
const salt = hash(`0x${'04'.repeat(32)}`)
const fields = [{ name: 'temperature', scale: 1, min: -400n, max: 600n }]
const commitment = inputCommitment({ scheme: 'poseidon-bn254', capacity: 16, fields }, { salt, payloads })

/** A job for the weather circuit, whose project brings no module. */
const weather = (p: Parameters<typeof proveJob>[1] = {}) =>
  proveJob(Buffer.from('weather'), {
    codeExpParam,
    payloads,
    inputCommitment: commitment,
    timeoutMs: 60_000,
    memoryBytes: 1024 ** 3,
    ...p,
  })

describe('a built-in circuit', () => {
  runtimeSuite(async () => {
    const { native, close } = startNative()
    const sandbox = new Sandbox()
    return {
      runtime: new Halo2Runtime({ sandbox, native }),
      good: weather(),
      failing: weather({ inputCommitment: hash(`0x${'05'.repeat(32)}`) }),
      // It ends, but not so soon.
      endless: weather({ timeoutMs: 20 }),
      hungry: weather({ memoryBytes: 1024 ** 2 }),
      broken: weather({ payloads: ['no JSON', 'at all'] }),
      close: async () => {
        await Promise.all([close(), sandbox.close()])
      },
    }
  })
})

describe('Halo2Runtime with a native runtime', () => {
  let at: ReturnType<typeof startNative>
  let sandbox: Sandbox
  let runtime: Halo2Runtime
  beforeAll(() => {
    at = startNative()
    sandbox = new Sandbox()
    runtime = new Halo2Runtime({ sandbox, ...at })
  })
  afterAll(() => Promise.all([at.close(), sandbox.close()]))

  it('proves what the module would, and checks it by the verifying key', async () => {
    const output = await runtime.prove(weather(), never)
    const { outputs } = await runtime.execute(weather(), never)
    expect(output).toMatchObject({ outputs, checkedBy: `verifying key ${verifyingKey}` })
    const limb = (from: number) => `0x${'00'.repeat(16)}${BINDING.slice(from, from + 32)}`
    expect(output.publicInputs.slice(0, 3)).toEqual([limb(2), limb(34), commitment])
    expect(
      `0x${output.publicInputs
        .slice(3)
        .map((word) => word.slice(2))
        .join('')}`,
    ).toBe(outputs)
    expect(sandbox.pids).toEqual([])
  })

  it('takes the module where the project names another key', async () => {
    const other = JSON.stringify({ circuit: 'weather', verifying_key: `0x${'11'.repeat(32)}` })
    const module = await wat(proveTaskModule('{"error":"this is the module"}'))
    const job = { ...weather({ codeExpParam: other }), program: proveJob(module).program }
    await expect(runtime.prove(job, never)).rejects.toThrow('this is the module')
    const without = runtime.prove(weather({ codeExpParam: other }), never)
    await expect(without).rejects.toThrow(UnsupportedRuntimeError)
    await expect(without).rejects.toThrow('has no such circuit')
  })

  it.each([
    ['a proof that was changed', (proof: Uint8Array) => proof.fill(1, 0, 1)],
    ['a proof that was cut', (proof: Uint8Array) => proof.subarray(1)],
    ['no proof', () => Buffer.from('proof')],
  ])('refuses %s from an image', async (_what, change) => {
    const { proof, publicInputs } = await runtime.prove(weather(), never)
    await using server = await startGrpcServer([
      answer(protocols.ours.describe, () => ({})),
      answer(protocols.ours.load, () => ({
        handle: Buffer.from([1]),
        verifying_key: Buffer.from(verifyingKey.slice(2), 'hex'),
      })),
      stream(protocols.ours.prove, (call) => {
        const public_inputs = publicInputs.map((input) => Buffer.from(input.slice(2), 'hex'))
        call.write({ proof: { proof: change(Uint8Array.from(proof)), public_inputs, kind: 'halo2' } })
        call.end()
      }),
    ])
    const image = new GrpcRuntime({ vmType: 'halo2', address: server.address, checker: at.native })
    try {
      const lying = image.prove(weather(), never)
      await expect(lying).rejects.toThrow(ProgramError)
      await expect(lying).rejects.toThrow('its proof does not hold')
    } finally {
      await image.close()
    }
  })
})

describe('Halo2Runtime with a native runtime that has an SRS file', () => {
  const dir = mkdtempSync(join(tmpdir(), 'w3b-srs-'))
  const file = join(dir, 'ceremony.srs')
  const bytes = srsOf(readFileSync(new URL('../../../examples/halo2-weather/artifacts/proving.key', import.meta.url)))
  writeFileSync(file, bytes)
  const srs = { file, sha256: createHash('sha256').update(bytes).digest('hex') }
  const sandbox = new Sandbox()
  afterAll(async () => {
    await sandbox.close()
    rmSync(dir, { recursive: true })
  })

  it('has the key made by the first task that names it', async () => {
    await using at = startNative({ srs })
    const output = await new Halo2Runtime({ sandbox, native: at.native }).prove(weather(), never)
    expect(output.checkedBy).toBe(`verifying key ${verifyingKey}`)
  })

  it('takes the module where the key that was made is another', async () => {
    await using at = startNative({ srs })
    const runtime = new Halo2Runtime({ sandbox, native: at.native })
    const codeExpParam = JSON.stringify({ circuit: 'weather', verifying_key: `0x${'11'.repeat(32)}` })
    await expect(runtime.prove(weather({ codeExpParam }), never)).rejects.toThrow(verifyingKey)
    const module = await wat(proveTaskModule('{"error":"this is the module"}'))
    const job = { ...weather({ codeExpParam }), program: proveJob(module).program }
    await expect(runtime.prove(job, never)).rejects.toThrow('this is the module')
  })
})

/** The SRS in a key file: behind 8 bytes come parts, each with its length before it, of which it is the second. */
function srsOf(keyFile: Buffer): Buffer {
  const start = 8 + 8 + Number(keyFile.readBigUInt64LE(8))
  return keyFile.subarray(start + 8, start + 8 + Number(keyFile.readBigUInt64LE(start)))
}
