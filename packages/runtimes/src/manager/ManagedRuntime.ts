import type {
  Execution,
  ProofOutput,
  ProveJob,
  ProveProgress,
  Reservation,
  ReservationAsk,
  Runtime,
} from '@w3bstream/core/ports'
import { ProgramLimitError, type VmType } from '@w3bstream/protocol'
import type { Manager, ProgramKey } from './Manager.ts'
import type { Bounds, RuntimePlan } from './RuntimePlan.ts'
import type { Grant, Need } from './Scheduler.ts'

type Execute = NonNullable<Runtime['execute']>
type OnProgress = (progress: ProveProgress) => void

/** A job, and what it may take and make use of here. */
interface Planned {
  readonly job: ProveJob
  readonly program: ProgramKey
  readonly bounds: Bounds
  readonly isParallel: boolean
}

/** What a job holds of the machine: another grant where the first has no room for what it turns out to need. */
interface Place {
  grant: Grant
}

/** While others wait for the memory that a new program may take, it is run once without proving, at most so long, to see what it takes. */
const LOOK_MS = 10_000

/**
 * A runtime whose proofs wait for a place on the machine, by what the last ones of the same program took, or else by what the job may take. Who waits before
 * leasing a task asks by `reserve`; who just proves waits in `prove`.
 *
 * A proof whose memory can be chosen is held to what it was granted. Any other only to its job's limit: a task that takes far more than the last ones of
 * its program may overrun the plan, and is stopped, or planned for from then on.
 */
export class ManagedRuntime implements Runtime {
  readonly vmType: VmType
  /** Where the runtime can. */
  readonly execute?: Execute
  readonly #inner: Runtime
  readonly #manager: Manager
  readonly #plan: RuntimePlan

  constructor(modules: { readonly inner: Runtime; readonly manager: Manager; readonly plan: RuntimePlan }) {
    this.#inner = modules.inner
    this.#manager = modules.manager
    this.#plan = modules.plan
    this.vmType = modules.inner.vmType
    const execute = modules.inner.execute?.bind(modules.inner)
    if (execute !== undefined) this.execute = (job, signal) => this.#execute(execute, job, signal)
  }

  /** @throws as the runtime itself, and {SandboxUnavailableError} it is closed */
  async prove(job: ProveJob, signal: AbortSignal, onProgress?: OnProgress): Promise<ProofOutput> {
    const planned = await this.#planned(job, signal)
    const place = { grant: await this.#wait(planned, () => this.#need(planned.program, planned.bounds), signal) }
    try {
      return await this.#prove(place, planned, signal, onProgress)
    } finally {
      place.grant.release()
    }
  }

  async reserve(ask: ReservationAsk, signal: AbortSignal): Promise<Reservation | null> {
    const manager = this.#manager
    const version = `${this.vmType} ${ownerOf(ask)} ${ask.task.configHash} ${ask.task.version}`
    const grant = await manager.take(
      this.vmType,
      {
        owner: ownerOf(ask),
        need: () => this.#need(manager.programOf(version), this.#bounded(ask.limits, this.#plan.unseen)),
        ready: () => manager.readyName(manager.programOf(version)),
      },
      signal,
    )
    if (grant === null) return null
    const place = { grant }
    return {
      prove: async (job, proving, onProgress) => {
        const planned = await this.#planned(job, proving)
        manager.learnProgram(version, planned.program)
        await this.#refit(place, planned, () => this.#need(planned.program, planned.bounds), proving)
        return this.#prove(place, planned, proving, onProgress)
      },
      release: () => place.grant.release(),
    }
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  async #prove(
    place: Place,
    planned: Planned,
    signal: AbortSignal,
    onProgress: OnProgress | undefined,
  ): Promise<ProofOutput> {
    await this.#look(place.grant, planned, signal)
    const limits = this.#limits(place.grant, planned)
    try {
      return await this.#proveWithin(limits, planned, signal, onProgress)
    } catch (error) {
      if (!isOfMemory(error) || limits.memoryBytes >= planned.bounds.memoryBytes) throw error
    }
    // It was held to less than its job allows, and that does not do.
    await this.#refit(place, planned, () => this.#need(null, planned.bounds), signal)
    return this.#proveWithin(this.#limits(place.grant, planned), planned, signal, onProgress)
  }

  async #proveWithin(
    limits: ProveJob['limits'],
    { job, program, bounds }: Planned,
    signal: AbortSignal,
    onProgress: OnProgress | undefined,
  ): Promise<ProofOutput> {
    const manager = this.#manager
    const started = performance.now()
    const learn = (memoryBytes: number, cpuMs: number): void =>
      manager.history.add(program.history, { memoryBytes, cpuMs, wallMs: performance.now() - started })
    manager.used(program)
    try {
      const output = await this.#inner.prove({ ...job, limits }, signal, onProgress)
      learn(output.usage?.memoryBytes ?? 0, output.usage?.cpuMs ?? 0)
      if (output.usage !== undefined) manager.tellUsage(this.vmType, output.usage)
      return output
    } catch (error) {
      // It takes all the memory that it may: the next is planned so.
      if (error instanceof ProgramLimitError)
        learn(isOfMemory(error) ? bounds.memoryBytes + this.#plan.overheadBytes : 0, 0)
      throw error
    } finally {
      manager.used(program)
    }
  }

  #wait({ job, program }: Planned, need: () => Need, signal: AbortSignal): Promise<Grant> {
    const ready = () => this.#manager.readyName(program)
    return this.#manager.wait(this.vmType, { owner: ownerOf(job), need, ready }, signal)
  }

  /**
   * Has a place hold what is needed. Where there is no room for more beside it, a job that would be held to less waits for another; any other may take what
   * it does, and its need is a guess on the safe side.
   */
  async #refit(place: Place, planned: Planned, need: () => Need, signal: AbortSignal): Promise<void> {
    const memoryBytes = Math.min(need().memoryBytes, this.#manager.machine.memoryBytes)
    place.grant.adjust(memoryBytes)
    if (this.#plan.leastBytes === null || place.grant.memoryBytes >= memoryBytes) return
    place.grant.release()
    place.grant = await this.#wait(planned, need, signal)
  }

  /** Sees what a new program takes, where others would wait for what it may take. */
  async #look(grant: Grant, { job, program, bounds }: Planned, signal: AbortSignal): Promise<void> {
    const { history, scheduler } = this.#manager
    if (this.execute === undefined || scheduler.waiting === 0 || history.expect(program.history) !== null) return
    const limits = { ...job.limits, timeoutMs: Math.min(job.limits.timeoutMs, LOOK_MS) }
    try {
      await this.execute({ ...job, limits }, signal)
    } catch {
      signal.throwIfAborted()
      // Whatever it was: proving says it, under the job's own limits.
      return
    }
    grant.adjust(this.#need(program, bounds).memoryBytes)
  }

  async #execute(execute: Execute, job: ProveJob, signal: AbortSignal): Promise<Execution> {
    const { program, bounds } = await this.#planned(job, signal)
    const execution = await execute({ ...job, limits: bounds }, signal)
    if (execution.memoryBytes !== null) this.#manager.history.addExecution(program.history, execution.memoryBytes)
    return execution
  }

  async #planned(job: ProveJob, signal: AbortSignal): Promise<Planned> {
    const { most, isParallel } = await this.#plan.of(job, signal)
    const name = `${this.vmType} ${job.program.hash}`
    // Of its project alone: another could show a program at its worst that anybody can read.
    const program = { name, history: `${name} ${ownerOf(job)} ${job.codeExpParam ?? ''}` }
    return { job, program, bounds: this.#bounded(job.limits, most), isParallel }
  }

  #limits(grant: Grant, { bounds, isParallel }: Planned): ProveJob['limits'] {
    const { isHere, leastBytes } = this.#plan
    if (!isHere) return bounds
    const memoryBytes = leastBytes === null ? bounds.memoryBytes : Math.min(bounds.memoryBytes, grant.memoryBytes)
    return { ...bounds, memoryBytes, threads: isParallel ? grant.widen() : 1 }
  }

  #bounded(limits: Bounds, most: Bounds): Bounds {
    const { memoryBytes } = this.#manager.machine
    return {
      memoryBytes: Math.min(limits.memoryBytes, most.memoryBytes, this.#plan.isHere ? memoryBytes : limits.memoryBytes),
      timeoutMs: Math.min(limits.timeoutMs, most.timeoutMs),
    }
  }

  #need(program: ProgramKey | null, { memoryBytes, timeoutMs }: Bounds): Need {
    const { isHere, leastBytes, overheadBytes, gpus } = this.#plan
    const expected = program === null ? null : this.#manager.history.expect(program.history)
    const most = memoryBytes + overheadBytes
    return {
      memoryBytes: isHere ? Math.min(most, Math.max(expected?.memoryBytes ?? most, leastBytes ?? 0)) : 0,
      wallMs: Math.min(timeoutMs, expected?.wallMs ?? timeoutMs),
      gpus,
    }
  }
}

/** As its runtime says it, such as "memory limit of 4 GiB", or that a proof over so many segments wants more memory. */
const isOfMemory = (error: unknown): boolean =>
  error instanceof ProgramLimitError && /\bmemory\b/.test(String(error.meta.limit))
const ownerOf = ({ task }: Pick<ProveJob, 'task'>): string => task.projectId.toString()
