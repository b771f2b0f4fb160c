import type { Execution, ProofOutput, ProveJob, Reservation, ReservationAsk, Runtime } from '@w3bstream/core/ports'
import { hash, ProgramError, ProgramLimitError, projectId } from '@w3bstream/protocol'
import { describe, expect, it, vi } from 'vitest'
import { SandboxUnavailableError } from '../SandboxUnavailableError.ts'
import { proveJob } from '../test/proveJob.ts'
import type { Machine } from './Machine.ts'
import { ManagedRuntime } from './ManagedRuntime.ts'
import { Manager, type ManagerOptions } from './Manager.ts'
import type { JobPlan, RuntimePlan } from './RuntimePlan.ts'

const GIB = 2 ** 30
const never = new AbortController().signal
const PROOF: ProofOutput = { proof: Uint8Array.of(1), outputs: '0x', publicInputs: [], raw: '1', checkedBy: null }

/** Proves when the test says so. */
class HeldRuntime implements Runtime {
  readonly vmType = 'risc0'
  readonly execute?: (job: ProveJob) => Promise<Execution>
  readonly jobs: ProveJob[] = []
  readonly #ends: ((outcome: Partial<ProofOutput> | Error) => void)[] = []

  constructor(memoryBytes?: number) {
    if (memoryBytes !== undefined)
      this.execute = async () => ({ cycles: null, outputs: '0x', journal: null, wallMs: 1, memoryBytes })
  }

  async prove(job: ProveJob): Promise<ProofOutput> {
    this.jobs.push(job)
    const outcome = await new Promise<Partial<ProofOutput> | Error>((resolve) => this.#ends.push(resolve))
    if (outcome instanceof Error) throw outcome
    return { ...PROOF, ...outcome }
  }

  async close(): Promise<void> {}

  /** Ends the proof that was begun first. */
  async end(outcome: Partial<ProofOutput> | Error = {}): Promise<void> {
    this.#ends.shift()?.(outcome)
    await settled()
  }
}

/** What follows of what was done needs no more than microtasks. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

function managed(
  p: {
    readonly machine?: Partial<Machine>
    readonly plan?: Partial<Omit<RuntimePlan, 'of'> & JobPlan>
    readonly options?: Partial<ManagerOptions>
    readonly inner?: HeldRuntime
  } = {},
) {
  const told: [string, number][] = []
  const telemetry = {
    gauge: (name: string, value: number) => void told.push([name, value]),
    observe: (name: string, seconds: number) => void told.push([name, seconds]),
  }
  const machine = { cores: 4, memoryBytes: 8 * GIB, gpus: 0, ...p.machine }
  const manager = new Manager({ machine, telemetry }, { readyMs: 60_000, maxWaiting: 100, ...p.options })
  const inner = p.inner ?? new HeldRuntime()
  const wide = { memoryBytes: Number.POSITIVE_INFINITY, timeoutMs: Number.POSITIVE_INFINITY }
  const { most = wide, isParallel = false, ...rest } = p.plan ?? {}
  const plan: RuntimePlan = {
    unseen: wide,
    of: async () => ({ most, isParallel }),
    overheadBytes: 0,
    leastBytes: null,
    isHere: true,
    gpus: 0,
    ...rest,
  }
  return { manager, inner, told, runtime: new ManagedRuntime({ inner, manager, plan }) }
}

/** @param program its first byte */
function job(program: number, gib: number, project = 7): ProveJob {
  const made = proveJob(Uint8Array.of(program), { memoryBytes: gib * GIB })
  const configHash = hash(`0x${program.toString(16).padStart(64, '0')}`)
  return { ...made, task: { ...made.task, projectId: projectId(project), configHash } }
}

const askOf = ({ taskId, task, limits }: ProveJob): ReservationAsk => ({ taskId, task, limits })
const gib = (n: number): Pick<ProofOutput, 'usage'> => ({ usage: { memoryBytes: n * GIB, cpuMs: 10 } })

describe('ManagedRuntime', () => {
  it('plans a new program by what its job may take, and then by what its proofs took', async () => {
    const { runtime, inner, manager } = managed()
    const proofs = Array.from({ length: 5 }, () => runtime.prove(job(1, 6), never))
    await settled()
    expect(inner.jobs).toHaveLength(1)
    expect(manager.scheduler.heldBytes).toBe(6 * GIB)
    await inner.end(gib(1))
    expect(inner.jobs).toHaveLength(5)
    expect(manager.scheduler.heldBytes).toBe(4 * 1.25 * GIB)
    for (let i = 0; i < 4; i++) await inner.end(gib(1))
    await Promise.all(proofs)
    expect([manager.scheduler.running, manager.scheduler.heldBytes]).toEqual([0, 0])
  })

  it('knows a program by its project’s version before it is read', async () => {
    const { runtime, inner, manager } = managed()
    const reserved: (Reservation | null)[] = []
    const reserve = async () => void reserved.push(await runtime.reserve(askOf(job(1, 6)), never))
    await reserve()
    void reserve()
    await settled()
    expect(reserved).toHaveLength(1)
    const proof = reserved[0]?.prove(job(1, 2), never)
    await settled()
    // The project asks for less than the operator allows.
    expect(manager.scheduler.heldBytes).toBe(8 * GIB)
    expect(reserved).toHaveLength(2)
    await inner.end(gib(1))
    await proof
    for (const one of reserved) one?.release()
    await reserve()
    expect(manager.scheduler.heldBytes).toBe(1.25 * GIB)
    reserved.at(-1)?.release()
    expect(manager.scheduler.heldBytes).toBe(0)
  })

  it('plans by an execution where nothing was proved yet', async () => {
    const { runtime, inner, manager } = managed({ inner: new HeldRuntime(2 * GIB) })
    await runtime.execute?.(job(1, 8), never)
    void runtime.prove(job(1, 8), never)
    void runtime.prove(job(1, 8), never)
    await settled()
    expect(inner.jobs).toHaveLength(2)
    expect(manager.scheduler.heldBytes).toBe(4 * GIB)
  })

  it('looks what a new program takes while others wait for what it may take, and only then', async () => {
    const inner = new HeldRuntime(2 * GIB)
    const { runtime, manager } = managed({ inner })
    const looked = vi.spyOn(manager.history, 'addExecution')
    void runtime.prove(job(1, 8), never)
    await settled()
    expect(looked).not.toHaveBeenCalled()
    void runtime.prove(job(2, 8), never)
    void runtime.prove(job(3, 8), never)
    await settled()
    expect(inner.jobs).toHaveLength(1)
    await inner.end(gib(1))
    expect(looked).toHaveBeenCalledTimes(1)
    expect(inner.jobs).toHaveLength(2)
    await inner.end(gib(1))
    expect(inner.jobs).toHaveLength(3)
  })

  it('plans a program by its limit that went over it', async () => {
    const { runtime, inner, manager } = managed()
    const small = runtime.prove(job(1, 4), never)
    await settled()
    await inner.end(gib(0.5))
    await small
    const large = runtime.prove(job(1, 4), never)
    await settled()
    const stopped = expect(large).rejects.toThrow(ProgramLimitError)
    await inner.end(new ProgramLimitError({ runtime: 'risc0', limit: 'memory limit of 4 GiB' }))
    await stopped
    void runtime.prove(job(1, 4), never)
    await settled()
    expect(manager.scheduler.heldBytes).toBe(4 * GIB)
  })

  it('has a proof whose memory can be chosen keep to what it was granted', async () => {
    const { runtime, inner, manager } = managed({ plan: { leastBytes: GIB } })
    const cheap = runtime.prove(job(1, 8), never)
    await settled()
    expect(inner.jobs[0]?.limits.memoryBytes).toBe(8 * GIB)
    await inner.end(gib(1.6))
    await cheap
    for (let i = 0; i < 5; i++) void runtime.prove(job(1, 8), never)
    await settled()
    const limits = inner.jobs.slice(1).map(({ limits }) => limits.memoryBytes)
    expect(limits).toEqual([2, 2, 2, 2].map((n) => n * GIB))
    expect(manager.scheduler.heldBytes).toBe(8 * GIB)
  })

  it('grants and allows no proof less than the least that one fits, nor more than its job allows', async () => {
    const { runtime, inner, manager } = managed({ plan: { leastBytes: GIB } })
    const cheap = runtime.prove(job(1, 4), never)
    await settled()
    await inner.end(gib(0.1))
    await cheap
    void runtime.prove(job(1, 4), never)
    void runtime.prove(job(1, 0.5), never)
    await settled()
    expect(inner.jobs.slice(1).map(({ limits }) => limits.memoryBytes)).toEqual([GIB, 0.5 * GIB])
    expect(manager.scheduler.heldBytes).toBe(1.5 * GIB)
  })

  it('proves once more, with all that its job allows, what cannot keep to what it was granted', async () => {
    const { runtime, inner, manager } = managed({ plan: { leastBytes: GIB } })
    const cheap = runtime.prove(job(1, 6), never)
    await settled()
    await inner.end(gib(1.6))
    await cheap
    const reservation = await runtime.reserve(askOf(job(1, 6)), never)
    const heavy = reservation?.prove(job(1, 6), never)
    const other = runtime.prove(job(2, 4), never)
    await settled()
    expect(inner.jobs.slice(1).map(({ limits }) => limits.memoryBytes)).toEqual([2 * GIB, 4 * GIB])
    const limit = 'limits: 300 segments, and a proof has room for 285. With more memory they are larger and fewer'
    await inner.end(new ProgramLimitError({ runtime: 'risc0', limit }))
    // There is no room for 6 GiB beside the other: it waits, and holds nothing meanwhile.
    expect(inner.jobs).toHaveLength(3)
    expect(manager.scheduler.heldBytes).toBe(4 * GIB)
    await inner.end(gib(1))
    await other
    expect(inner.jobs.at(-1)?.limits.memoryBytes).toBe(6 * GIB)
    expect(manager.scheduler.heldBytes).toBe(6 * GIB)
    await inner.end(gib(5))
    expect(await heavy).toMatchObject(PROOF)
    reservation?.release()
    expect([manager.scheduler.running, manager.scheduler.heldBytes]).toEqual([0, 0])
  })

  it('fails what goes over its memory with all that its job allows, or over another limit', async () => {
    const { runtime, inner } = managed({ plan: { leastBytes: GIB } })
    const full = expect(runtime.prove(job(1, 4), never)).rejects.toThrow(ProgramLimitError)
    await settled()
    await inner.end(new ProgramLimitError({ runtime: 'risc0', limit: 'memory limit of 4 GiB' }))
    await full
    const cheap = runtime.prove(job(2, 4), never)
    await settled()
    await inner.end(gib(1))
    await cheap
    const slow = expect(runtime.prove(job(2, 4), never)).rejects.toThrow(ProgramLimitError)
    await settled()
    await inner.end(new ProgramLimitError({ runtime: 'risc0', limit: 'time limit of 5000 ms' }))
    await slow
    expect(inner.jobs).toHaveLength(3)
  })

  it('waits for another place where a reserved one has no room for what is known by then', async () => {
    const unseen = { memoryBytes: 2 * GIB, timeoutMs: 60_000 }
    const { runtime, inner, manager } = managed({ plan: { unseen, leastBytes: GIB } })
    void runtime.prove(job(2, 4), never)
    const reservation = await runtime.reserve(askOf(job(1, 6)), never)
    expect(manager.scheduler.heldBytes).toBe(6 * GIB)
    const proof = reservation?.prove(job(1, 6), never)
    await settled()
    expect(inner.jobs).toHaveLength(1)
    expect(manager.scheduler.heldBytes).toBe(4 * GIB)
    await inner.end(gib(1))
    expect(inner.jobs).toHaveLength(2)
    expect(manager.scheduler.heldBytes).toBe(6 * GIB)
    await inner.end(gib(1))
    await proof
    reservation?.release()
    expect(manager.scheduler.heldBytes).toBe(0)
  })

  it('starts there all the same where it cannot be made to fit: what it may take is a guess', async () => {
    const unseen = { memoryBytes: 2 * GIB, timeoutMs: 60_000 }
    const { runtime, inner, manager } = managed({ plan: { unseen } })
    void runtime.prove(job(2, 4), never)
    const reservation = await runtime.reserve(askOf(job(1, 6)), never)
    const proof = reservation?.prove(job(1, 6), never)
    await settled()
    expect(inner.jobs.map(({ limits }) => limits.memoryBytes)).toEqual([4 * GIB, 6 * GIB])
    expect(manager.scheduler.heldBytes).toBe(8 * GIB)
    await inner.end(gib(1))
    await inner.end(gib(1))
    await proof
    reservation?.release()
    expect(manager.scheduler.heldBytes).toBe(0)
  })

  it('learns nothing of memory from a program that took too long', async () => {
    const { runtime, inner, manager } = managed()
    const small = runtime.prove(job(1, 4), never)
    await settled()
    await inner.end(gib(0.8))
    await small
    const slow = expect(runtime.prove(job(1, 4), never)).rejects.toThrow(ProgramLimitError)
    await settled()
    await inner.end(new ProgramLimitError({ runtime: 'risc0', limit: 'time limit of 5000 ms' }))
    await slow
    void runtime.prove(job(1, 4), never)
    await settled()
    expect(manager.scheduler.heldBytes).toBe(GIB)
  })

  it('plans a project’s program by that project’s proofs alone', async () => {
    const { runtime, inner, manager } = managed()
    const own = runtime.prove(job(1, 4, 1), never)
    await settled()
    await inner.end(gib(0.8))
    await own
    const other = expect(runtime.prove(job(1, 4, 2), never)).rejects.toThrow(ProgramLimitError)
    await settled()
    await inner.end(new ProgramLimitError({ runtime: 'risc0', limit: 'memory limit of 4 GiB' }))
    await other
    const again = await runtime.reserve(askOf(job(1, 6, 1)), never)
    expect(manager.scheduler.heldBytes).toBe(6 * GIB)
    again?.release()
    void runtime.prove(job(1, 4, 1), never)
    await settled()
    expect(manager.scheduler.heldBytes).toBe(GIB)
  })

  it('gives all cores to a proof that is alone, and one to each where several wait', async () => {
    const { runtime, inner } = managed({ plan: { isParallel: true }, options: { maxWaiting: 100 } })
    const first = runtime.prove(job(1, 1), never)
    await settled()
    for (let i = 0; i < 8; i++) void runtime.prove(job(1, 1), never)
    await settled()
    expect(inner.jobs.map(({ limits }) => limits.threads)).toEqual([4])
    await inner.end(gib(0.5))
    await first
    expect(inner.jobs.map(({ limits }) => limits.threads)).toEqual([4, 1, 1, 1, 1])
  })

  it('takes no memory for a runtime on a machine of its own, and tells it nothing of cores', async () => {
    const { runtime, inner, manager } = managed({ plan: { isHere: false, isParallel: true } })
    for (let i = 0; i < 6; i++) void runtime.prove(job(1, 100), never)
    await settled()
    expect(inner.jobs).toHaveLength(4)
    expect([manager.scheduler.heldBytes, manager.scheduler.busyCores]).toEqual([0, 4])
    expect(inner.jobs[0]?.limits).toEqual(job(1, 100).limits)
  })

  it('bounds what a job may take by the machine and the plan', async () => {
    const { runtime, inner } = managed({ plan: { most: { memoryBytes: 3 * GIB, timeoutMs: 5_000 } } })
    void runtime.prove(job(1, 100), never)
    await settled()
    expect(inner.jobs[0]?.limits).toMatchObject({ memoryBytes: 3 * GIB, timeoutMs: 5_000 })
    const tight = managed()
    void tight.runtime.prove(job(1, 100), never)
    await settled()
    expect(tight.inner.jobs[0]?.limits.memoryBytes).toBe(8 * GIB)
  })

  it('proves one at a time on a GPU', async () => {
    const { runtime, inner } = managed({ machine: { gpus: 1 }, plan: { gpus: 1 } })
    void runtime.prove(job(1, 1), never)
    void runtime.prove(job(2, 1), never)
    await settled()
    expect(inner.jobs).toHaveLength(1)
    await inner.end()
    expect(inner.jobs).toHaveLength(2)
  })

  it('leaves other projects their turn, whatever one has waiting', async () => {
    const { runtime, inner } = managed({ machine: { cores: 2 } })
    for (let i = 0; i < 20; i++) void runtime.prove(job(1, 1, 1), never)
    await settled()
    void runtime.prove(job(2, 1, 2), never)
    await settled()
    expect(inner.jobs.map(({ task }) => Number(task.projectId))).toEqual([1, 1, 2])
  })

  it('takes first what is loaded, of a project’s line', async () => {
    const { runtime, inner } = managed({ machine: { cores: 1 } })
    void runtime.prove(job(1, 1), never)
    await settled()
    for (const program of [2, 1, 2, 1]) void runtime.prove(job(program, 1), never)
    for (let i = 0; i < 4; i++) await inner.end(gib(0.1))
    expect(inner.jobs.map(({ program }) => program.bytes[0])).toEqual([1, 1, 1, 2, 2])
  })

  it('gives its place back when a proof fails, and when it is told to stop while it waits', async () => {
    const { runtime, inner, manager } = managed({ machine: { cores: 1 } })
    const failing = runtime.prove(job(1, 1), never)
    const stop = new AbortController()
    const waiting = runtime.prove(job(1, 1), stop.signal)
    await settled()
    stop.abort(new Error('no longer wanted'))
    await expect(waiting).rejects.toThrow('no longer wanted')
    const failed = expect(failing).rejects.toThrow('it panicked')
    await inner.end(new ProgramError({ runtime: 'risc0', reason: 'it panicked' }))
    await failed
    expect([manager.scheduler.running, manager.scheduler.waiting, manager.scheduler.heldBytes]).toEqual([0, 0, 0])
    expect(inner.jobs).toHaveLength(1)
  })

  it('bounds who waits before a lease, not who proves', async () => {
    const { runtime, inner } = managed({ machine: { cores: 1 }, options: { maxWaiting: 1, maxWaitMs: 20 } })
    void runtime.prove(job(1, 1), never)
    await settled()
    const late = runtime.reserve(askOf(job(1, 1)), never)
    expect(await runtime.reserve(askOf(job(1, 1)), never)).toBeNull()
    const proving = runtime.prove(job(1, 1), never)
    expect(await late).toBeNull()
    await inner.end()
    await inner.end()
    expect(await proving).toMatchObject(PROOF)
  })

  it('turns everybody away when it closes', async () => {
    const { runtime, manager } = managed({ machine: { cores: 1 } })
    void runtime.prove(job(1, 1), never)
    await settled()
    const waiting = runtime.prove(job(1, 1), never)
    const reserving = runtime.reserve(askOf(job(1, 1)), never)
    manager.scheduler.close()
    await expect(waiting).rejects.toThrow(SandboxUnavailableError)
    expect(await reserving).toBeNull()
    await expect(runtime.prove(job(1, 1), never)).rejects.toThrow(SandboxUnavailableError)
  })

  it('tells how full it is, how long tasks wait and what a proof took', async () => {
    const { runtime, inner, told } = managed()
    const proof = runtime.prove(job(1, 2), never)
    await settled()
    await inner.end(gib(1))
    await proof
    const last = new Map(told)
    expect(told).toContainEqual(['w3b_runtime_memory_bytes', 2 * GIB])
    expect(told).toContainEqual(['w3b_runtime_busy_cores', 1])
    expect(last.get('w3b_runtime_memory_bytes')).toBe(0)
    expect(last.get('w3b_runtime_waiting')).toBe(0)
    expect(last.get('w3b_runtime_running')).toBe(0)
    expect(last.get('w3b_runtime_proof_memory_bytes')).toBe(GIB)
    expect(last.get('w3b_runtime_wait_seconds')).toBeLessThan(1)
  })
})
