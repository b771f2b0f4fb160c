import type { Telemetry, Usage } from '@w3bstream/core/ports'
import type { VmType } from '@w3bstream/protocol'
import { SandboxUnavailableError } from '../SandboxUnavailableError.ts'
import { History } from './History.ts'
import type { Machine } from './Machine.ts'
import { type Ask, type Grant, Scheduler, type SchedulerOptions } from './Scheduler.ts'

/** A program, as it is known from one task to the next. */
export interface ProgramKey {
  /** Names what is kept ready for it. */
  readonly name: string
  /** Names what its proofs took, in one project. */
  readonly history: string
}

export interface ManagerOptions extends Pick<SchedulerOptions, 'maxWaiting' | 'maxWaitMs' | 'turnsHeadAway' | 'idle'> {
  /** How long what is loaded is kept after its last use. */
  readonly readyMs: number
}

const MAX_VERSIONS = 1_000
const MAX_READY = 64

/** What all runtimes of a machine share: its places, and what is known of programs. */
export class Manager {
  readonly machine: Machine
  readonly scheduler: Scheduler
  readonly history = new History()
  readonly #telemetry: Pick<Telemetry, 'gauge' | 'observe'> | null
  readonly #readyMs: number
  /** Programs by the version of a project file that has them: a task names that, before its program is read. */
  readonly #programs = new Map<string, ProgramKey>()
  /** When programs were used last. */
  readonly #used = new Map<string, number>()

  constructor(
    modules: { readonly machine: Machine; readonly telemetry: Pick<Telemetry, 'gauge' | 'observe'> | null },
    { readyMs, ...options }: ManagerOptions,
  ) {
    this.machine = modules.machine
    this.#telemetry = modules.telemetry
    this.#readyMs = readyMs
    this.scheduler = new Scheduler(modules.machine, { ...options, onChange: () => this.#tell() })
  }

  programOf(version: string): ProgramKey | null {
    return this.#programs.get(version) ?? null
  }

  learnProgram(version: string, program: ProgramKey): void {
    remember(this.#programs, version, program, MAX_VERSIONS)
  }

  /** @returns the program's name, where it may still be loaded */
  readyName(program: ProgramKey | null): string | null {
    if (program === null) return null
    const at = this.#used.get(program.name)
    return at !== undefined && performance.now() - at < this.#readyMs ? program.name : null
  }

  used(program: ProgramKey): void {
    remember(this.#used, program.name, performance.now(), MAX_READY)
  }

  /** Waits as long as it takes. @throws {SandboxUnavailableError} it is closed, and what `signal` was aborted with */
  async wait(vmType: VmType, ask: Ask, signal: AbortSignal): Promise<Grant> {
    const grant = await this.take(vmType, { ...ask, isPatient: true }, signal)
    if (grant === null) throw new SandboxUnavailableError({ reason: 'the runtimes are closed' })
    return grant
  }

  /** @throws what `signal` was aborted with */
  async take(vmType: VmType, ask: Ask, signal: AbortSignal): Promise<Grant | null> {
    const started = performance.now()
    const grant = await this.scheduler.take(ask, signal)
    this.#telemetry?.observe('w3b_runtime_wait_seconds', (performance.now() - started) / 1000, { runtime: vmType })
    return grant
  }

  tellUsage(vmType: VmType, usage: Usage): void {
    this.#telemetry?.gauge('w3b_runtime_proof_memory_bytes', usage.memoryBytes, { runtime: vmType })
  }

  #tell(): void {
    const { waiting, running, busyCores, heldBytes } = this.scheduler
    this.#telemetry?.gauge('w3b_runtime_waiting', waiting)
    this.#telemetry?.gauge('w3b_runtime_running', running)
    this.#telemetry?.gauge('w3b_runtime_busy_cores', busyCores)
    this.#telemetry?.gauge('w3b_runtime_memory_bytes', heldBytes)
  }
}

/** The longest unused makes room. */
function remember<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > most && oldest !== undefined) map.delete(oldest)
}
