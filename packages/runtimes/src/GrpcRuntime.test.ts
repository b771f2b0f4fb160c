import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttp2Server } from 'node:http2'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, inflateSync } from 'node:zlib'
import type { ProveJob, ProveProgress } from '@w3bstream/core/ports'
import {
  concatBytes,
  fromHex,
  ProgramError,
  ProgramLimitError,
  RuntimeLostError,
  toHex,
  UnsupportedRuntimeError,
  type VmType,
} from '@w3bstream/protocol'
import { describe, expect, it, vi } from 'vitest'
import { GrpcRuntime, type GrpcRuntimeOptions } from './GrpcRuntime.ts'
import { GrpcConnection } from './grpc/GrpcConnection.ts'
import { protocols } from './grpc/protocols.ts'
import { RuntimeClient } from './grpc/RuntimeClient.ts'
import { readRuntimeAddress } from './grpc/readRuntimeAddress.ts'
import { NativeServer } from './native/NativeServer.ts'
import { SandboxUnavailableError } from './SandboxUnavailableError.ts'
import { BINDING, COMMITMENT, proveJob } from './test/proveJob.ts'
import { answer, type GrpcAnswer, GrpcStatus, startGrpcServer, stream } from './test/startGrpcServer.ts'

const never = new AbortController().signal
const { ours, vm, vmRuntime } = protocols
const text = (value: string) => ({ result: Buffer.from(value) })
const NOT_FOUND = 5
const INTERNAL = 13

const runtimeAt = (address: string, p: Partial<GrpcRuntimeOptions> = {}) => {
  const runtime = new GrpcRuntime({ vmType: 'risc0', address, checker: null, connectMs: 2_000, ...p })
  return { runtime, [Symbol.asyncDispose]: () => runtime.close() }
}

/** One task, on a server with these answers. */
async function prove(
  answers: readonly GrpcAnswer[],
  job: ProveJob = proveJob(Buffer.from('program')),
  p: Partial<GrpcRuntimeOptions> = {},
  signal: AbortSignal = never,
) {
  await using server = await startGrpcServer(answers)
  await using at = runtimeAt(server.address, p)
  return await at.runtime.prove(job, signal)
}

const created = answer(vmRuntime.create, () => ({}))
const returning = (value: string) => [created, answer(vmRuntime.execute, () => text(value))]

describe('vm_runtime', () => {
  it('gets project, packed program and parameter once, and the data strings of each task', async () => {
    const creates: Readonly<Record<string, unknown>>[] = []
    const executes: Readonly<Record<string, unknown>>[] = []
    await using server = await startGrpcServer([
      answer(vmRuntime.create, (request) => {
        creates.push(request)
        return {}
      }),
      answer(vmRuntime.execute, (request) => {
        executes.push(request)
        return text('0xc0ffee')
      }),
    ])
    await using at = runtimeAt(server.address)
    const job = proveJob(Buffer.from('program'), {
      codeExpParam: '{"image_id":"A","elf":"B"}',
      payloads: ['{"ü":1}', ''],
    })
    await Promise.all([at.runtime.prove(job, never), at.runtime.prove(job, never)])
    const output = await at.runtime.prove(job, never)
    expect(output).toEqual({
      proof: Uint8Array.of(0xc0, 0xff, 0xee),
      raw: '0xc0ffee',
      outputs: '0x',
      publicInputs: [],
      checkedBy: null,
    })
    expect(creates).toEqual([{ projectID: '7', content: expect.any(String), expParam: '{"image_id":"A","elf":"B"}' }])
    expect(inflateSync(Buffer.from(String(creates[0]?.content), 'hex')).toString()).toBe('program')
    expect(executes).toEqual(Array.from({ length: 3 }, () => ({ projectID: '7', datas: ['{"ü":1}', ''] })))
  })

  it('holds one program a project: another version waits, and is sent', async () => {
    let present = ''
    const seen: string[] = []
    const first = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    await using server = await startGrpcServer([
      answer(vmRuntime.create, ({ content }) => {
        present = inflateSync(Buffer.from(String(content), 'hex')).toString()
        return {}
      }),
      answer(vmRuntime.execute, async () => {
        seen.push(present)
        if (seen.length === 1) {
          held.resolve()
          await first.promise
        }
        seen.push(present)
        return text(present)
      }),
    ])
    await using at = runtimeAt(server.address)
    const one = at.runtime.prove(proveJob(Buffer.from('one')), never)
    await held.promise
    const two = at.runtime.prove(proveJob(Buffer.from('two')), never)
    first.resolve()
    expect((await one).raw).toBe('one')
    expect((await two).raw).toBe('two')
    expect(seen).toEqual(['one', 'one', 'two', 'two'])
  })

  it('lets another version wait for the tasks under way alone, whatever comes after it', async () => {
    const seen: string[] = []
    const held: (() => void)[] = []
    await using server = await startGrpcServer([
      created,
      answer(vmRuntime.execute, async ({ datas }) => {
        seen.push(String(datas))
        await new Promise<void>((resolve) => held.push(resolve))
        return text('ab')
      }),
    ])
    await using at = runtimeAt(server.address)
    const begin = (program: string, name: string) =>
      at.runtime.prove(proveJob(Buffer.from(program), { payloads: [name] }), never)
    const seeing = (count: number) => vi.waitFor(() => expect(seen).toHaveLength(count))
    const before = begin('one', 'before')
    await seeing(1)
    held.shift()?.()
    await before
    const first = begin('one', 'first')
    await seeing(2)
    const other = begin('two', 'other')
    const after = begin('one', 'after')
    held.shift()?.()
    await first
    await seeing(3)
    held.shift()?.()
    await other
    await seeing(4)
    held.shift()?.()
    await after
    expect(seen).toEqual(['before', 'first', 'other', 'after'])
  })

  it('is sent the program again after a reconnection', async () => {
    let creates = 0
    const answers = [
      answer(vmRuntime.create, () => {
        creates += 1
        return {}
      }),
      answer(vmRuntime.execute, () => text('ab')),
    ]
    const server = await startGrpcServer(answers)
    await using at = runtimeAt(server.address)
    const job = proveJob(Buffer.from('program'))
    await at.runtime.prove(job, never)
    server.stop()
    await using again = await startGrpcServer(answers, `127.0.0.1:${server.port}`)
    // A call may still go into the connection that is ending.
    const lost = async () => {
      const outcome = await at.runtime.prove(job, never).catch((error: unknown) => error)
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(RuntimeLostError)
      return outcome instanceof Error
    }
    while (await lost());
    expect(creates).toBe(2)
    expect(again.port).toBe(server.port)
  })

  it('is sent a program that it forgot once for all tasks under way, which then run', async () => {
    let creates = 0
    let isKnown = false
    await using server = await startGrpcServer([
      answer(vmRuntime.create, () => {
        creates += 1
        isKnown = true
        return {}
      }),
      answer(vmRuntime.execute, () => {
        if (!isKnown) throw new GrpcStatus(NOT_FOUND, 'no such project')
        return text('ab')
      }),
    ])
    await using at = runtimeAt(server.address)
    const job = proveJob(Buffer.from('program'))
    await at.runtime.prove(job, never)
    isKnown = false
    const outputs = await Promise.all([1, 2, 3].map(() => at.runtime.prove(job, never)))
    expect(outputs.map(({ raw }) => raw)).toEqual(['ab', 'ab', 'ab'])
    expect(creates).toBe(2)
  })

  it('is itself at fault where it forgets the program at once', async () => {
    let executes = 0
    const forgetful = answer(vmRuntime.execute, () => {
      executes += 1
      throw new GrpcStatus(NOT_FOUND, 'no such project')
    })
    const failure = await prove([created, forgetful]).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(RuntimeLostError)
    expect(String(failure)).toContain('no such project')
    expect(executes).toBe(2)
  })

  it('is sent the program again after any other failure, once the tasks under way are over', async () => {
    let creates = 0
    const held = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    await using server = await startGrpcServer([
      answer(vmRuntime.create, () => {
        creates += 1
        return {}
      }),
      answer(vmRuntime.execute, async ({ datas }) => {
        if (String(datas) === 'fails') throw new GrpcStatus(INTERNAL, 'no machine for project 7')
        if (String(datas) === 'waits') {
          begun.resolve()
          await held.promise
        }
        return text('ab')
      }),
    ])
    await using at = runtimeAt(server.address)
    const begin = (name: string) => at.runtime.prove(proveJob(Buffer.from('program'), { payloads: [name] }), never)
    const under = begin('waits')
    await begun.promise
    await expect(begin('fails')).rejects.toThrow(ProgramError)
    // However many come, none joins those under way.
    const next = begin('runs')
    expect(creates).toBe(1)
    held.resolve()
    await under
    await next
    expect(creates).toBe(2)
    await begin('runs')
    expect(creates).toBe(2)
  })

  it.each([
    ['hex', 'C0FFEE', 'c0ffee'],
    ['JSON with a proof', '{"proof":"0x0102"}', '0102'],
    ['any text', 'done', Buffer.from('done').toString('hex')],
  ])('returns %s', async (_what, raw, proof) => {
    const output = await prove(returning(raw), undefined, { vmType: 'zkwasm' })
    expect(Buffer.from(output.proof).toString('hex')).toBe(proof)
    expect(output).toMatchObject({ raw, outputs: '0x', checkedBy: null })
  })

  it('returns bytes', async () => {
    const bytes = Buffer.from('ff00fe', 'hex')
    const output = await prove([created, answer(vmRuntime.execute, () => ({ result: bytes }))])
    expect(output).toMatchObject({ proof: bytes, raw: '0xff00fe', checkedBy: null })
  })

  it('returns a RISC Zero proof that nobody here can check', async () => {
    const raw = JSON.stringify({ Stark: { image_id: [1, 2], receipt: { inner: 'of another release' } } })
    expect(await prove(returning(raw))).toMatchObject({ raw, proof: Buffer.from(raw), outputs: '0x', checkedBy: null })
  })

  it('returns nothing', async () => {
    await expect(prove(returning(''))).rejects.toThrow(ProgramError)
  })
})

describe('vm', () => {
  it('is asked without the native runtime, where that could check nothing', async () => {
    const checker = { at: null, client: () => Promise.reject(new Error('not to be started')) }
    const output = await prove(returning('0xab'), proveJob(Buffer.from('program')), { vmType: 'zkwasm', checker })
    expect(output).toMatchObject({ raw: '0xab', checkedBy: null })
  })

  it('is spoken where the others are not', async () => {
    const seen: Readonly<Record<string, unknown>>[] = []
    const job = proveJob(Buffer.from('program'), { codeExpParam: 'text', payloads: ['{"a":1}'] })
    const output = await prove(
      [
        answer(vm.create, (request) => {
          seen.push(request)
          return {}
        }),
        answer(vm.execute, (request) => {
          seen.push(request)
          return text('ab')
        }),
      ],
      job,
    )
    expect(output.raw).toBe('ab')
    expect(seen).toMatchObject([
      { projectID: '7', projectVersion: '0.1', metadata: Buffer.from('text') },
      {
        projectID: '7',
        projectVersion: '0.1',
        taskID: Buffer.from(fromHex(job.taskId)),
        payloads: [Buffer.from('{"a":1}')],
      },
    ])
    expect(inflateSync(Buffer.from(Object(seen[0]).binary)).toString()).toBe('program')
  })
})

describe('our protocol', () => {
  const journal = concatBytes(fromHex(BINDING), fromHex(COMMITMENT), new Uint8Array(31), Uint8Array.of(9))
  const description = answer(ours.describe, () => ({ version: '1' }))
  const load = answer(ours.load, () => ({ handle: Buffer.alloc(32, 1), image_id: Buffer.alloc(32, 2) }))
  const proof = {
    proof: Buffer.from('receipt'),
    journal,
    kind: 'composite',
    image_id: Buffer.alloc(32, 2),
  }
  const proving = stream(ours.prove, (call) => {
    call.write({ progress: { phase: 'executing', done: 0, planned: 1 } })
    call.write({ progress: { phase: 'proving', done: 1, planned: 2 } })
    call.write({ proof })
    call.end()
  })

  it('brings progress, journal and outputs', async () => {
    let job: unknown
    await using server = await startGrpcServer([
      description,
      load,
      stream(ours.prove, (call, request) => {
        job = request
        call.write({ progress: { phase: 'proving', done: 1, planned: 2 } })
        call.write({ proof })
        call.end()
      }),
    ])
    await using at = runtimeAt(server.address)
    const progress: ProveProgress[] = []
    const asked = proveJob(Buffer.from('program'))
    const output = await at.runtime.prove(asked, never, (one) => progress.push(one))
    expect(progress).toEqual([{ phase: 'proving', done: 1, planned: 2 }])
    expect(output).toMatchObject({
      proof: Buffer.from('receipt'),
      raw: JSON.stringify({
        Stark: {
          imageId: `0x${'02'.repeat(32)}`,
          journal: toHex(journal),
          receipt: Buffer.from('receipt').toString('base64'),
        },
      }),
      outputs: `0x${'00'.repeat(31)}09`,
      publicInputs: [BINDING, COMMITMENT, `0x${'00'.repeat(31)}09`],
      checkedBy: null,
    })
    expect(job).toMatchObject({
      handle: Buffer.alloc(32, 1),
      inputs: [JSON.stringify(asked.payloads), expect.stringContaining(`"binding":"${BINDING}"`)],
      limits: { wall_ms: '20000', memory_bytes: String(64 * 1024 ** 2) },
      receipt: 'AS_ASKED',
      task_id: asked.taskId,
    })
  })

  it('loads a program once, and again when the server forgot it', async () => {
    let loads = 0
    let proofs = 0
    await using server = await startGrpcServer([
      description,
      answer(ours.load, () => {
        loads += 1
        return { handle: Buffer.from([loads]), image_id: Buffer.alloc(32) }
      }),
      stream(ours.prove, (call) => {
        proofs += 1
        if (proofs === 2) return void call.emit('error', new GrpcStatus(NOT_FOUND, 'load it'))
        call.write({ proof })
        call.end()
      }),
    ])
    await using at = runtimeAt(server.address)
    const job = proveJob(Buffer.from('program'))
    await at.runtime.prove(job, never)
    expect(loads).toBe(1)
    await at.runtime.prove(job, never)
    await at.runtime.prove(job, never)
    expect({ loads, proofs }).toEqual({ loads: 2, proofs: 4 })
  })

  it('executes', async () => {
    await using server = await startGrpcServer([
      description,
      load,
      answer(ours.execute, () => ({
        user_cycles: 5,
        total_cycles: 65_536,
        segments: 1,
        segment_po2: 16,
        journal,
        wall_ms: 3,
      })),
    ])
    await using at = runtimeAt(server.address)
    expect(await at.runtime.execute(proveJob(Buffer.from('program')), never)).toEqual({
      cycles: { user: 5, total: 65_536, segments: 1, po2: 16 },
      outputs: `0x${'00'.repeat(31)}09`,
      journal: toHex(journal),
      wallMs: 3,
      memoryBytes: null,
    })
  })

  const refusing = (code: number) => [
    description,
    load,
    stream(ours.prove, (call) => {
      call.emit('error', new GrpcStatus(code, 'because'))
    }),
  ]
  it.each([
    ['INVALID_ARGUMENT', 3, ProgramError],
    ['RESOURCE_EXHAUSTED', 8, ProgramLimitError],
    ['FAILED_PRECONDITION', 9, UnsupportedRuntimeError],
    ['ABORTED', 10, RuntimeLostError],
    ['UNAVAILABLE', 14, RuntimeLostError],
    ['INTERNAL', 13, RuntimeLostError],
    ['NOT_FOUND, again and again', 5, RuntimeLostError],
  ])('fails a task by %s', async (_name, code, expected) => {
    const proving = prove(refusing(code))
    await expect(proving).rejects.toThrow(expected)
    await expect(proving).rejects.toThrow('because')
  })

  it.each([
    ['a journal of another binding', { ...proof, journal: new Uint8Array(96) }],
    ['a journal of another commitment', { ...proof, journal: concatBytes(fromHex(BINDING), new Uint8Array(64)) }],
    ['a journal whose tail is no word', { ...proof, journal: concatBytes(journal, Uint8Array.of(1)) }],
    ['an empty journal', { ...proof, journal: new Uint8Array() }],
    ['no proof bytes', { ...proof, proof: new Uint8Array() }],
    ['a kind of its own', { ...proof, kind: 'fake' }],
    ['a Groth16 proof of another length', { ...proof, kind: 'groth16' }],
  ])('refuses %s', async (_what, lie) => {
    const lying = stream(ours.prove, (call) => {
      call.write({ proof: lie })
      call.end()
    })
    await expect(prove([description, load, lying])).rejects.toThrow(ProgramError)
  })

  it.each([
    ['no proof', (call: { end(): void }) => call.end()],
    [
      'two proofs',
      (call: { write(one: object): void; end(): void }) => {
        call.write({ proof })
        call.write({ proof })
        call.end()
      },
    ],
    [
      'progress of its own',
      (call: { write(one: object): void; end(): void }) => {
        call.write({ progress: { phase: 'sleeping' } })
        call.end()
      },
    ],
  ])('refuses %s', async (_what, reply) => {
    await expect(prove([description, load, stream(ours.prove, reply)])).rejects.toThrow(ProgramError)
  })

  it('refuses a composite receipt where a chain is to verify it', async () => {
    const job = proveJob(Buffer.from('program'), { onChain: true })
    await expect(prove([description, load, proving], job)).rejects.toThrow('no chain verifies')
  })

  it('is told when the task is no longer wanted, and tells nothing afterwards', async () => {
    const started = Promise.withResolvers<void>()
    const cancelled = Promise.withResolvers<void>()
    const progress: ProveProgress[] = []
    await using server = await startGrpcServer([
      description,
      load,
      stream(ours.prove, (call) => {
        call.on('cancelled', () => cancelled.resolve())
        started.resolve()
      }),
    ])
    await using at = runtimeAt(server.address)
    const stop = new AbortController()
    const running = at.runtime.prove(proveJob(Buffer.from('program')), stop.signal, (one) => progress.push(one))
    const reason = new Error('no longer wanted')
    await started.promise
    stop.abort(reason)
    await expect(running).rejects.toBe(reason)
    await cancelled.promise
    expect(progress).toEqual([])
  })
})

describe('checked by this node', () => {
  const IMAGE = Buffer.alloc(32, 7)
  const journal = concatBytes(fromHex(BINDING), fromHex(COMMITMENT), new Uint8Array(32))
  const older = {
    Stark: { imageId: 'whatever it says', journal: toHex(journal), receipt: Buffer.from('receipt').toString('base64') },
  }
  const bare = {
    a: ['0x01', '0x02'],
    b: [
      ['0x03', '0x04'],
      ['0x05', '0x06'],
    ],
    c: ['0x07', '0x08'],
  }
  const points = { Snark: { snark: bare, post_state_digest: '0x', journal: toHex(journal) } }
  const loads = answer(ours.load, () => ({ handle: Buffer.from([1]), image_id: IMAGE }))
  const holds = answer(ours.verify, () => ({ holds: true, journal }))
  const fails = answer(ours.verify, () => ({ holds: false, reason: 'the seal is of another program' }))
  const proving = [
    answer(ours.describe, () => ({ version: '1' })),
    answer(ours.load, () => ({ handle: Buffer.from([2]), image_id: Buffer.alloc(32, 8) })),
    stream(ours.prove, (call) => {
      call.write({
        proof: { proof: Buffer.from('receipt'), journal, kind: 'composite', image_id: Buffer.alloc(32, 8) },
      })
      call.end()
    }),
  ]

  const checkedProve = async (answers: readonly GrpcAnswer[], checks: readonly GrpcAnswer[]) => {
    await using native = await startGrpcServer(checks)
    const connection = new GrpcConnection(readRuntimeAddress(native.address))
    const client = new RuntimeClient(connection)
    try {
      return await prove(answers, undefined, { checker: { at: null, client: async () => client } })
    } finally {
      connection.close()
    }
  }

  it.each([
    ['our protocol', proving],
    ['an older one', returning(JSON.stringify(older))],
  ])('a proof by %s is verified by the image id that is computed here', async (_what, answers) => {
    let claim: unknown
    const verify = answer(ours.verify, (request) => {
      claim = request
      return { holds: true, journal }
    })
    const output = await checkedProve(answers, [loads, verify])
    expect(output).toMatchObject({ checkedBy: `image id ${toHex(IMAGE)}`, outputs: `0x${'00'.repeat(32)}` })
    expect(claim).toMatchObject({
      kind: 'composite',
      image_id: IMAGE,
      proof: Buffer.from('receipt'),
      journal: Buffer.from(journal),
    })
  })

  it.each([
    ['our protocol', proving],
    ['an older one', returning(JSON.stringify(older))],
  ])('a proof by %s that does not hold fails the task', async (_what, answers) => {
    const lying = checkedProve(answers, [loads, fails])
    await expect(lying).rejects.toThrow(ProgramError)
    await expect(lying).rejects.toThrow('its proof does not hold: the seal is of another program')
  })

  it('a receipt of another journal than the one that is told fails the task', async () => {
    const verify = answer(ours.verify, () => ({ holds: true, journal: Buffer.alloc(96) }))
    await expect(checkedProve(proving, [loads, verify])).rejects.toThrow('not the one that its receipt carries')
  })

  it('a Groth16 proof without its selector is checked, or is another release’s', async () => {
    const answers = returning(JSON.stringify(points))
    expect((await checkedProve(answers, [loads, holds])).checkedBy).toBe(`image id ${toHex(IMAGE)}`)
    expect(await checkedProve(answers, [loads, fails])).toMatchObject({ checkedBy: null, outputs: '0x' })
  })

  it('a guest that only its own runtime knows stays unchecked', async () => {
    const refuses = answer(ours.load, () => {
      throw new GrpcStatus(3, 'this is a guest of 2024')
    })
    const output = await checkedProve(returning(JSON.stringify(older)), [refuses])
    expect(output).toMatchObject({ checkedBy: null, outputs: '0x' })
  })

  it('nothing is checked where the native runtime is not built', async () => {
    const native = new NativeServer({ binary: '/nowhere/w3b-runtime', stateDir: '/nowhere' })
    expect((await prove(proving, undefined, { checker: native })).checkedBy).toBeNull()
  })
})

describe('a server that fails', () => {
  const job = proveJob(Buffer.from('program'), { timeoutMs: 300 })
  const hanging = () => new Promise<object>(() => {})

  it.each<[string, readonly GrpcAnswer[]]>([
    ['Create', [answer(vmRuntime.create, hanging)]],
    ['ExecuteOperator', [created, answer(vmRuntime.execute, hanging)]],
    ['ExecuteTask', [answer(vm.create, () => ({})), answer(vm.execute, hanging)]],
  ])('and never answers %s stops the task at its time limit', async (_what, answers) => {
    await expect(prove(answers, job)).rejects.toThrow(ProgramLimitError)
  })

  it('and answers late fails that task alone', async () => {
    let late = true
    const release = Promise.withResolvers<void>()
    await using server = await startGrpcServer([
      created,
      answer(vmRuntime.execute, async () => {
        if (late) await release.promise
        return text('ab')
      }),
    ])
    await using at = runtimeAt(server.address)
    await expect(at.runtime.prove(job, never)).rejects.toThrow(ProgramLimitError)
    late = false
    release.resolve()
    expect((await at.runtime.prove(job, never)).raw).toBe('ab')
  })

  it.each([
    ['UNKNOWN', 2],
    ['INTERNAL', 13],
    ['INVALID_ARGUMENT', 3],
  ])('by %s says why', async (_name, code) => {
    const answers = [
      created,
      answer(vmRuntime.execute, () => {
        throw new GrpcStatus(code, 'thread main panicked')
      }),
    ]
    await expect(prove(answers)).rejects.toThrow(ProgramError)
    await expect(prove(answers)).rejects.toThrow('thread main panicked')
  })

  it('and speaks no protocol of these is unsupported', async () => {
    await expect(prove([answer(ours.verify, () => ({}))])).rejects.toThrow(UnsupportedRuntimeError)
  })

  it('and answers 100 MB is not listened to', async () => {
    const huge = Buffer.alloc(100 * 1024 ** 2, 0x61)
    const answers = [created, answer(vmRuntime.execute, () => ({ result: huge }))]
    await expect(prove(answers)).rejects.toThrow(ProgramError)
    await expect(prove(answers)).rejects.toThrow('larger than this node takes')
  })

  it.each([
    ['packs 100 MB into little', 1, gzipSync(Buffer.alloc(100 * 1024 ** 2)), 'larger than this node takes'],
    ['sends what does not unpack', 1, Buffer.from('no gzip'), 'cannot be read'],
    ['sends what is no message', 0, Buffer.alloc(100, 0xff), 'cannot be read'],
  ])('and %s is not listened to', async (_what, packed, body, reason) => {
    const server = createHttp2Server()
    server.on('stream', (call, headers) => {
      const path = headers[':path']
      const status = (code: string): Record<string, string> => ({
        'content-type': 'application/grpc',
        'grpc-status': code,
      })
      if (path?.endsWith('/Describe')) return call.respond(status('12'), { endStream: true })
      call.respond({ 'content-type': 'application/grpc', 'grpc-encoding': 'gzip' }, { waitForTrailers: true })
      call.on('wantTrailers', () => call.sendTrailers({ 'grpc-status': '0' }))
      call.end(path?.endsWith('/Create') ? frame(0, Buffer.alloc(0)) : frame(packed, body))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    await using at = runtimeAt(`grpc://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`)
    try {
      const proving = at.runtime.prove(proveJob(Buffer.from('program')), never)
      await expect(proving).rejects.toThrow(ProgramError)
      await expect(proving).rejects.toThrow(reason)
    } finally {
      await at.runtime.close()
      server.close()
    }
  })
})

/** A message as gRPC puts it into HTTP/2. */
function frame(packed: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt8(packed, 0)
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}

/** A server of bytes alone, which says who it hung up on. */
async function startSocketServer(onSocket: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  return { address: `grpc://127.0.0.1:${port}`, port, sockets, [Symbol.asyncDispose]: stop }
}

describe('the ways to a server', () => {
  it('go by a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'w3b-test-'))
    const path = join(folder, 'socket')
    await using server = await startGrpcServer(returning('ab'), `unix:${path}`)
    await using at = runtimeAt(`grpc+unix:${path}`)
    expect((await at.runtime.prove(proveJob(Buffer.from('program')), never)).raw).toBe('ab')
    server.stop()
    rmSync(folder, { recursive: true })
  })

  it('go by TLS where it is asked for, and then not without', async () => {
    await using server = await startGrpcServer(returning('ab'))
    await using at = runtimeAt(server.address.replace('grpc:', 'grpcs:'), { connectMs: 500 })
    await expect(at.runtime.prove(proveJob(Buffer.from('program')), never)).rejects.toThrow(SandboxUnavailableError)
  })
})

describe('a server that is none', () => {
  const job = proveJob(Buffer.from('program'), { timeoutMs: 1_000 })
  const kinds: readonly VmType[] = ['risc0', 'zkwasm']

  it.each([
    ['is not there', () => {}],
    ['speaks HTTP/1', (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['speaks noise', (socket: Socket) => socket.write(Buffer.alloc(10_000, 0xab))],
    ['hangs up', (socket: Socket) => socket.destroy()],
    ['says nothing', () => {}],
  ])('and %s leaves the task to a later try', async (what, onSocket) => {
    await using server = await startSocketServer(onSocket)
    if (what === 'is not there') await server[Symbol.asyncDispose]().catch(() => {})
    for (const vmType of kinds) {
      await using at = runtimeAt(server.address, { vmType, connectMs: 500 })
      await expect(at.runtime.prove(job, never)).rejects.toThrow(SandboxUnavailableError)
    }
  })

  it('and hangs up in the middle of a proof is lost, and found again', async () => {
    let dropped = false
    await using server = await startGrpcServer([
      created,
      answer(vmRuntime.execute, async () => {
        if (dropped) return text('ab')
        dropped = true
        for (const socket of between.sockets) socket.destroy()
        return text('never arrives')
      }),
    ])
    await using between = await startSocketServer((socket) => {
      const through = connect(server.port, '127.0.0.1')
      through.on('error', () => {})
      socket.pipe(through).pipe(socket)
      socket.on('close', () => through.destroy())
    })
    await using at = runtimeAt(between.address)
    await expect(at.runtime.prove(job, never)).rejects.toThrow(RuntimeLostError)
    expect((await at.runtime.prove(job, never)).raw).toBe('ab')
  })

  it('is given up when the task is no longer wanted, or the runtime is closed', async () => {
    await using server = await startSocketServer(() => {})
    await using at = runtimeAt(server.address, { connectMs: 60_000 })
    const reason = new Error('no longer wanted')
    await expect(at.runtime.prove(job, AbortSignal.abort(reason))).rejects.toBe(reason)
    const stop = new AbortController()
    const running = at.runtime.prove(job, stop.signal)
    stop.abort(reason)
    await expect(running).rejects.toBe(reason)
    const waiting = at.runtime.prove(job, never)
    await at.runtime.close()
    await expect(waiting).rejects.toThrow(RuntimeLostError)
    await expect(at.runtime.prove(job, never)).rejects.toThrow(RuntimeLostError)
  })
})
