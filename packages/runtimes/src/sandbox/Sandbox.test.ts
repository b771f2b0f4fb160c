import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ProgramLimitError, RuntimeLostError } from '@w3bstream/protocol'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { programInput } from '../programInput.ts'
import { SandboxUnavailableError } from '../SandboxUnavailableError.ts'
import { echoModule, proveModule } from '../test/programs.ts'
import { proveJob } from '../test/proveJob.ts'
import { wat } from '../test/wat.ts'
import { childCommand, childWalls } from './childCommand.ts'
import { residentBytes } from './residentBytes.ts'
import { Sandbox, type SandboxOptions } from './Sandbox.ts'
import type { SandboxProgram } from './SandboxProgram.ts'

const never = new AbortController().signal
const MIB = 1024 ** 2
const open: Sandbox[] = []
const sandbox = (options: SandboxOptions = {}): Sandbox => {
  const made = new Sandbox(options)
  open.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

const program = async (source: string, memoryBytes = 16 * MIB): Promise<SandboxProgram> => ({
  kind: 'halo2',
  ...proveJob(await wat(source)).program,
  provingKey: null,
  memoryBytes,
})
const input = programInput(proveJob(new Uint8Array()))
const said = (result: { body: Uint8Array }): string => Buffer.from(result.body).toString('utf8')
const endless = (): Promise<SandboxProgram> => program(proveModule({ code: '(loop $l (br $l))' }))
/** A program whose answer is always `answer`: another program for every answer. */
const saying = (answer: string): Promise<SandboxProgram> => program(proveModule({ returns: answer }))

describe('Sandbox', () => {
  it('starts no process before it is asked for something', () => {
    expect(sandbox().pids).toEqual([])
  })

  it('keeps a program’s process for its next task, with a fresh instance', async () => {
    const under = sandbox({ poolSize: 1 })
    const counting = await program(
      proveModule({
        body: '(global $runs (mut i32) (i32.const 48))',
        code: '(global.set $runs (i32.add (global.get $runs) (i32.const 1))) (i32.store8 (i32.const 1024) (global.get $runs))',
      }),
    )
    expect(said(await under.run(counting, input, 20_000, never))).toBe('1xc0ffee')
    const [first] = under.pids
    expect(said(await under.run(counting, input, 20_000, never))).toBe('1xc0ffee')
    expect(under.pids).toContain(first)
  })

  it('never gives one program’s process to another', async () => {
    const under = sandbox({ poolSize: 2 })
    expect(said(await under.run(await saying('aa'), input, 20_000, never))).toBe('aa')
    const [first] = under.pids
    expect(said(await under.run(await saying('bb'), input, 20_000, never))).toBe('bb')
    expect(said(await under.run(await saying('aa'), input, 20_000, never))).toBe('aa')
    expect(under.pids).toContain(first)
  })

  it('ends the process that was unused longest when another program needs its place', async () => {
    const under = sandbox({ poolSize: 1 })
    await under.run(await saying('aa'), input, 20_000, never)
    const [first = 0] = under.pids
    for (const answer of ['bb', 'cc', 'dd']) await under.run(await saying(answer), input, 20_000, never)
    await vi.waitFor(() => expect(under.pids).not.toContain(first))
    expect(under.pids.length).toBeLessThanOrEqual(2)
  })

  it('compiles ahead, so that the first task finds its program loaded', async () => {
    const under = sandbox({ poolSize: 1 })
    const echo = await program(echoModule)
    await under.warm(echo, never)
    const [warmed] = under.pids
    expect(said(await under.run(echo, input, 20_000, never))).toBe(JSON.stringify(input.data))
    expect(under.pids[0]).toBe(warmed)
  })

  it('runs no more than its places at a time, and the others after them, in order', async () => {
    const under = sandbox({ poolSize: 1 })
    const ended: string[] = []
    const run = async (answer: string): Promise<void> => {
      ended.push(said(await under.run(await saying(answer), input, 20_000, never)))
    }
    await Promise.all(['aa', 'bb', 'cc', 'dd'].map(run))
    expect(ended).toEqual(['aa', 'bb', 'cc', 'dd'])
  })

  it('lets a task leave the queue', async () => {
    const under = sandbox({ poolSize: 1 })
    const stop = new AbortController()
    const running = under.run(await endless(), input, 3_000, never)
    const waiting = under.run(await saying('aa'), input, 20_000, stop.signal)
    const behind = under.run(await saying('bb'), input, 20_000, never)
    stop.abort(new Error('no longer wanted'))
    await expect(waiting).rejects.toThrow('no longer wanted')
    await expect(running).rejects.toThrow(ProgramLimitError)
    expect(said(await behind)).toBe('bb')
  })

  it('counts loading into the time limit', async () => {
    const start = await program(
      proveModule({ body: '(func $start (loop $l (br $l))) (start $start)' }).replace(
        '(export "prove")',
        '(export "prove")',
      ),
    )
    await expect(sandbox().run(start, input, 1_000, never)).rejects.toThrow('time limit of 1000 ms')
  })

  it('survives the death of a process under a task', async () => {
    const under = sandbox({ poolSize: 1 })
    await under.warm(await endless(), never)
    const [pid = 0] = under.pids
    const running = under.run(await endless(), input, 60_000, never)
    process.kill(pid, 'SIGKILL')
    await expect(running).rejects.toThrow(RuntimeLostError)
    expect(said(await under.run(await saying('aa'), input, 20_000, never))).toBe('aa')
  })

  it('does not blame the program when no process starts', async () => {
    const node = process.execPath
    process.execPath = '/nowhere/node'
    try {
      const running = sandbox().run(await saying('aa'), input, 20_000, never)
      await expect(running).rejects.toThrow(SandboxUnavailableError)
      await expect(running).rejects.toThrow('/nowhere/node')
    } finally {
      process.execPath = node
    }
  })

  it('ends what nobody uses', async () => {
    const under = sandbox({ idleMs: 100 })
    await under.run(await saying('aa'), input, 20_000, never)
    await vi.waitFor(() => expect(under.pids).toEqual([]), { timeout: 10_000 })
    expect(said(await under.run(await saying('aa'), input, 20_000, never))).toBe('aa')
  })

  it('says what a run took, and ends what it keeps where it is told to', async () => {
    const under = sandbox()
    const kept = await saying('aa')
    const { usage } = await under.run(kept, input, 20_000, never)
    expect(usage.memoryBytes).toBeGreaterThan(20 * MIB)
    expect(usage.memoryBytes).toBeLessThan(1024 * MIB)
    expect(usage.cpuMs).toBeGreaterThan(0)
    expect(under.idleBytes(null)).toBe(usage.memoryBytes)
    expect(under.idleBytes(`${kept.kind} ${kept.hash}`)).toBe(0)
    const [pid = 0] = under.pids
    under.endIdle(`${kept.kind} ${kept.hash}`)
    expect(under.pids).toContain(pid)
    under.endIdle(null)
    await vi.waitFor(() => expect(under.pids).not.toContain(pid))
    expect(under.idleBytes(null)).toBe(0)
  })

  it('leaves no process behind when it is closed, and takes nothing any more', async () => {
    const under = sandbox()
    const running = under.run(await endless(), input, 60_000, never)
    const failed = expect(running).rejects.toThrow(SandboxUnavailableError)
    await vi.waitFor(() => expect(under.pids).not.toEqual([]))
    const pids = under.pids
    await under.close()
    await failed
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    const late = under.run(await saying('aa'), input, 1_000, never)
    await expect(late).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining('the sandbox is closed'),
    })
  })

  // A child that is busy notices nothing itself: the kernel ends it, where it can be asked to.
  const fates = [
    'idle',
    ...(childCommand({ cpuSeconds: 1, heapBytes: 1 }).args.includes('--pdeathsig') ? ['busy'] : []),
  ]
  it.each(fates)('leaves no process behind when its parent is killed while they are %s', async (fate) => {
    const parent = spawn(process.execPath, [fileURLToPath(new URL('../test/orphan.ts', import.meta.url)), fate])
    const [line] = await once(parent.stdout, 'data')
    const pids: readonly number[] = JSON.parse(String(line))
    expect(pids.length).toBeGreaterThan(0)
    parent.kill('SIGKILL')
    for (const pid of pids) await vi.waitFor(async () => expect(await residentBytes(pid)).toBe(0), { timeout: 10_000 })
  })

  // As in a container that forbids namespaces, as Fargate's does.
  it.each(childWalls().filter((wall) => wall === 'calls'))(
    'runs programs behind the filter of %s alone',
    async (wall) => {
      const under = new Sandbox({ networkWall: true }, ['privileges', wall])
      open.push(under)
      expect(said(await under.run(await saying('aa'), input, 20_000, never))).toBe('aa')
    },
  )

  it.each([[[]], [['privileges']]] as const)(
    'is not made with the walls %j where one against the network is asked for',
    (walls) => {
      expect(() => new Sandbox({ networkWall: true }, walls)).toThrow(SandboxUnavailableError)
      expect(new Sandbox({}, walls).pids).toEqual([])
    },
  )

  it.each([
    ['program', { programBytes: 100 }, /size limit of 100 bytes/],
    ['proving key', { provingKeyBytes: 9 }, /proving key limit of 9 bytes/],
  ])('refuses a %s over its size before any process sees it', async (_what, options, reason) => {
    const under = sandbox(options)
    const large = { ...(await program(echoModule)), provingKey: new Uint8Array(10) }
    await expect(under.run(large, input, 1_000, never)).rejects.toThrow(reason)
    expect(under.pids).toEqual([])
  })

  it('holds a program to the operator’s limits where it asks for more', async () => {
    const under = sandbox({ memoryBytes: 8 * MIB, timeoutMs: 1_000 })
    const large = await program(proveModule({ memory: '(memory (export "memory") 200)' }), 64 * MIB)
    await expect(under.run(large, input, 20_000, never)).rejects.toThrow('memory limit of 8388608 bytes')
    await expect(under.run(await endless(), input, 20_000, never)).rejects.toThrow('time limit of 1000 ms')
  })
})
