import { UnsupportedRuntimeError, type VmType } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { createRuntimes } from './createRuntimes.ts'
import { echoModule } from './test/programs.ts'
import { proveJob } from './test/proveJob.ts'
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
