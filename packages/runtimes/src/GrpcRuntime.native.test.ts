import { ProgramError, toHex, type VmType } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { GrpcRuntime } from './GrpcRuntime.ts'
import { protocols } from './grpc/protocols.ts'
import { guestJob, imageIdOf } from './test/guests.ts'
import { proveJob } from './test/proveJob.ts'
import type { startGrpcServer } from './test/startGrpcServer.ts'
import { startImage } from './test/startImage.ts'
import { startNative } from './test/startNative.ts'

// A proof takes seconds of all cores, and others may want them.
vi.setConfig({ testTimeout: 240_000 })

const never = new AbortController().signal
const { vm, vmRuntime } = protocols

describe('the native runtime as an image', () => {
  let image: Awaited<ReturnType<typeof startImage>>
  let checker: ReturnType<typeof startNative>
  beforeAll(async () => {
    checker = startNative()
    image = await startImage()
  })
  afterAll(() => Promise.all([checker.close(), image[Symbol.asyncDispose]()]))

  const runtimeAt = (address: string, vmType: VmType = 'risc0') => {
    const runtime = new GrpcRuntime({ vmType, address, checker: checker.native })
    return { runtime, [Symbol.asyncDispose]: () => runtime.close() }
  }
  const older = {
    vm_runtime: () => image.only(vmRuntime.create, vmRuntime.execute),
    vm: () => image.only(vm.create, vm.execute),
  } satisfies Record<string, () => ReturnType<typeof startGrpcServer>>

  it('proves a guest by vm_runtime, and this node checks it by the image id', async () => {
    await using server = await older.vm_runtime()
    await using at = runtimeAt(server.address)
    const output = await at.runtime.prove(guestJob('silent'), never)
    expect(output).toMatchObject({ outputs: '0x', publicInputs: [], checkedBy: `image id ${imageIdOf('silent')}` })
    expect(JSON.parse(output.raw)).toMatchObject({ Stark: { imageId: imageIdOf('silent'), journal: '0x' } })
  })

  it.each(['vm_runtime', 'vm'] as const)('tells by %s why a guest failed, and what is no program', async (protocol) => {
    await using server = await older[protocol]()
    await using at = runtimeAt(server.address)
    const panicked = at.runtime.prove(guestJob('panics'), never)
    await expect(panicked).rejects.toThrow(ProgramError)
    await expect(panicked).rejects.toThrow(`${server.address}: `)
    await expect(panicked).rejects.toThrow('this guest panics')
    const nonsense = at.runtime.prove(proveJob(Buffer.from('no ELF at all')), never)
    await expect(nonsense).rejects.toThrow(ProgramError)
  })

  it.each(['vm_runtime', 'vm'] as const)('says by %s what a built-in circuit needs', async (protocol) => {
    await using server = await older[protocol]()
    await using at = runtimeAt(server.address, 'halo2')
    const codeExpParam = JSON.stringify({ circuit: 'weather', verifying_key: await weatherKey(checker) })
    const job = proveJob(Buffer.from('weather'), { codeExpParam })
    await expect(at.runtime.prove(job, never)).rejects.toThrow('a built-in circuit proves a task')
  })

  it('executes a guest by our protocol over TCP', async () => {
    await using at = runtimeAt(image.address)
    expect((await at.runtime.execute(guestJob('silent'), never)).journal).toBe('0x')
  })
})

async function weatherKey({ native }: ReturnType<typeof startNative>): Promise<string> {
  const { circuits } = await (await native.client(never)).describe(never)
  return toHex(circuits.find(({ id }) => id === 'weather')?.verifying_key ?? new Uint8Array())
}
