import { InvalidConfigError, UnsupportedRuntimeError, type VmType, W3bError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { createRuntimes } from './createRuntimes.ts'
import { protocols } from './grpc/protocols.ts'
import { echoModule } from './test/programs.ts'
import { proveJob } from './test/proveJob.ts'
import { answer, startGrpcServer } from './test/startGrpcServer.ts'
import { wat } from './test/wat.ts'

const never = new AbortController().signal

describe('createRuntimes', () => {
  it('has an entry for every kind of program', () => {
    const kinds: readonly VmType[] = ['halo2', 'risc0', 'wasm', 'zkwasm']
    const runtimes = createRuntimes()
    expect([...runtimes.keys()].sort()).toEqual(kinds)
    expect(kinds.map((kind) => runtimes.get(kind)?.vmType)).toEqual(kinds)
  })

  it.each(['risc0', 'zkwasm'] as const)('fails a %s task with a clear reason', async (kind) => {
    await using runtimes = createRuntimes()
    const proving = runtimes.get(kind)?.prove(proveJob(new Uint8Array()), never)
    await expect(proving).rejects.toThrow(UnsupportedRuntimeError)
    await expect(proving).rejects.toThrow(new RegExp(`^This node cannot run ${kind}: it has no `))
  })

  it('puts an image of the operator’s in the place of a runtime, and lets go of it at its end', async () => {
    await using server = await startGrpcServer([
      answer(protocols.vmRuntime.create, () => ({})),
      answer(protocols.vmRuntime.execute, () => ({ result: Buffer.from('0xc0ffee') })),
    ])
    const runtimes = createRuntimes({ external: new Map([['zkwasm', server.address]]) })
    const zkwasm = runtimes.get('zkwasm')
    expect((await zkwasm?.prove(proveJob(new Uint8Array(8)), never))?.raw).toBe('0xc0ffee')
    await expect(runtimes.get('risc0')?.prove(proveJob(new Uint8Array()), never)).rejects.toThrow('switched off')
    await runtimes.close()
    await expect(zkwasm?.prove(proveJob(new Uint8Array(8)), never)).rejects.toThrow(W3bError)
  })

  it('refuses an address that is none', () => {
    expect(() => createRuntimes({ external: new Map([['risc0', 'prover:4001']]) })).toThrow(InvalidConfigError)
  })

  it('warms a program for its first task, and ends every process at its end', async () => {
    const job = proveJob(await wat(echoModule))
    let pids: readonly number[]
    {
      await using runtimes = createRuntimes()
      await runtimes.warm('risc0', job)
      expect(runtimes.pids).toEqual([])
      await runtimes.warm('halo2', job)
      pids = runtimes.pids
      expect(pids.length).toBeGreaterThan(0)
      await runtimes.get('halo2')?.prove(job, never)
      expect(runtimes.pids).toEqual(pids)
    }
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })
})
