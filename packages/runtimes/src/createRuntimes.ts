import type { ProveJob, Runtime, Telemetry } from '@w3bstream/core/ports'
import type { VmType } from '@w3bstream/protocol'
import { mayHaveCircuit } from './halo2/mayHaveCircuit.ts'
import { makeRuntimes } from './makeRuntimes.ts'
import { detectMachine } from './manager/detectMachine.ts'
import type { Machine } from './manager/Machine.ts'
import { ManagedRuntime } from './manager/ManagedRuntime.ts'
import { Manager } from './manager/Manager.ts'
import type { Bounds, JobPlan, RuntimePlan } from './manager/RuntimePlan.ts'
import { type NativeOptions, NativeServer } from './native/NativeServer.ts'
import { SANDBOX_DEFAULTS, Sandbox, type SandboxOptions } from './sandbox/Sandbox.ts'

export interface RuntimesOptions extends SandboxOptions {
  /** The native runtime, as `findNative` finds it; a binary that is missing fails the tasks that need it. Default null: none. */
  readonly native?: NativeOptions | null
  /** Addresses of the operator's own runtime images, each in the place of this node's runtime for that kind of program. */
  readonly external?: ReadonlyMap<VmType, string>
  /** Runtimes in the place of this node's, which share its places: for tests, and for hardware of one's own. Their owner closes them. */
  readonly instead?: ReadonlyMap<VmType, Runtime>
  /** What proofs may take of this machine. Default: its cores, and its memory or that of its container but for 512 MiB; no GPU. */
  readonly machine?: Partial<Machine>
  /** Tasks of one project that wait here before they are leased; more are turned away. Default 32. */
  readonly maxWaiting?: number
  /** Longest time that a task waits here before it is leased. Default: as long as it takes. */
  readonly maxWaitMs?: number
  /** Turns a task away after that time although it is its turn: other machines serve the same queue. Default false. */
  readonly turnsHeadAway?: boolean
  readonly telemetry?: Pick<Telemetry, 'gauge' | 'observe'>
}

/**
 * Every runtime of a node by its kind, over one sandbox and one native runtime. They share the machine: each proof waits for its place, owners in turn, before
 * its task is leased (`reserve`), or else in `prove`.
 */
export interface Runtimes extends ReadonlyMap<VmType, Runtime>, AsyncDisposable {
  /**
   * Compiles a program ahead of its first task. Does nothing for the runtimes that are not here.
   * @throws {ProgramError} @throws {ProgramLimitError}
   */
  warm(vmType: VmType, job: Pick<ProveJob, 'program' | 'provingKey' | 'limits'>): Promise<void>
  /** Process ids of the sandbox's children and of the native runtime, for metrics of their memory and time. */
  readonly pids: readonly number[]
  /** Cores, memory and GPUs that proofs share. */
  readonly machine: Machine
  /** Ends every child; tasks under way fail. */
  close(): Promise<void>
}

/** RISC Zero's prover has no use for more: that is a segment of 2^20 rows. */
const LARGEST_SEGMENT_BYTES = 10 * 2 ** 30
/** A segment of 2^16 rows takes 677.3 MiB: no smaller ones are proved (packages/zk/risc0-prover/src/limits.rs). */
const LEAST_SEGMENT_BYTES = 678 * 2 ** 20

const KINDS: readonly VmType[] = ['halo2', 'wasm', 'risc0', 'zkwasm']

/**
 * No child is started before the first task or `warm`.
 * @throws {SandboxUnavailableError} where `networkWall` asks for what is not to be had @throws {InvalidConfigError} an external address is none
 */
export function createRuntimes({
  native = null,
  external = new Map(),
  instead = new Map(),
  machine,
  maxWaiting,
  maxWaitMs,
  turnsHeadAway,
  telemetry,
  ...asked
}: RuntimesOptions = {}): Runtimes {
  const shared = detectMachine(machine)
  // A place beyond the cores may be given to who had none.
  const places = shared.cores + 1
  const options: Required<SandboxOptions> = { ...SANDBOX_DEFAULTS, poolSize: places, ...asked }
  const sandbox = new Sandbox(options)
  const manager = new Manager(
    { machine: shared, telemetry: telemetry ?? null },
    {
      readyMs: options.idleMs,
      idle: { bytes: (except) => sandbox.idleBytes(except), end: (except) => sandbox.endIdle(except) },
      ...(maxWaiting === undefined ? {} : { maxWaiting }),
      ...(maxWaitMs === undefined ? {} : { maxWaitMs }),
      ...(turnsHeadAway === undefined ? {} : { turnsHeadAway }),
    },
  )
  const server =
    native === null
      ? null
      : // Who waits, waits here: the server takes whatever it is sent, and keeps each job to its own limits.
        new NativeServer({
          memoryBytes: places * shared.memoryBytes,
          threads: places,
          idleMs: options.idleMs,
          networkWall: options.networkWall,
          ...native,
        })
  const inside = makeRuntimes({ sandbox, native: server, external })
  const wide: Bounds = { memoryBytes: Number.POSITIVE_INFINITY, timeoutMs: Number.POSITIVE_INFINITY }
  const largestSegment: Bounds = { ...wide, memoryBytes: LARGEST_SEGMENT_BYTES }
  const inSandbox: JobPlan = { most: options, isParallel: false }
  const builtIn: JobPlan = { most: wide, isParallel: true }
  const planOf = (vmType: VmType): RuntimePlan => {
    const isOurs = !external.has(vmType) && !instead.has(vmType)
    if (isOurs && (vmType === 'wasm' || vmType === 'halo2'))
      return {
        unseen: options,
        of: async ({ codeExpParam }, signal) => {
          const isNative = vmType === 'halo2' && server !== null && (await mayHaveCircuit(server, codeExpParam, signal))
          return isNative ? builtIn : inSandbox
        },
        overheadBytes: options.overheadBytes,
        leastBytes: null,
        isHere: true,
        gpus: 0,
      }
    const most = isOurs && vmType === 'risc0' ? largestSegment : wide
    return {
      unseen: most,
      of: async () => ({ most, isParallel: true }),
      overheadBytes: 0,
      leastBytes: isOurs && vmType === 'risc0' ? LEAST_SEGMENT_BYTES : null,
      isHere: isOurs,
      gpus: isOurs && vmType === 'risc0' && shared.gpus > 0 ? 1 : 0,
    }
  }
  const managed = KINDS.flatMap((vmType) => {
    const inner = instead.get(vmType) ?? inside.get(vmType)
    return inner === undefined ? [] : [new ManagedRuntime({ inner, manager, plan: planOf(vmType) })]
  })
  return new NodeRuntimes({ sandbox, server, inside, manager, managed })
}

class NodeRuntimes extends Map<VmType, Runtime> implements Runtimes {
  readonly #sandbox: Sandbox
  readonly #server: NativeServer | null
  readonly #inside: ReadonlyMap<VmType, Runtime>
  readonly #manager: Manager

  constructor(modules: {
    readonly sandbox: Sandbox
    readonly server: NativeServer | null
    readonly inside: ReadonlyMap<VmType, Runtime>
    readonly manager: Manager
    readonly managed: readonly Runtime[]
  }) {
    super(modules.managed.map((runtime) => [runtime.vmType, runtime]))
    this.#sandbox = modules.sandbox
    this.#server = modules.server
    this.#inside = modules.inside
    this.#manager = modules.manager
  }

  get pids(): readonly number[] {
    const native = this.#server?.pid
    return native === undefined ? this.#sandbox.pids : [...this.#sandbox.pids, native]
  }

  get machine(): Machine {
    return this.#manager.machine
  }

  async warm(
    vmType: VmType,
    { program, provingKey, limits }: Pick<ProveJob, 'program' | 'provingKey' | 'limits'>,
  ): Promise<void> {
    if (vmType !== 'halo2' && vmType !== 'wasm') return
    const key = vmType === 'halo2' ? provingKey : null
    await this.#sandbox.warm({ kind: vmType, ...program, provingKey: key, memoryBytes: limits.memoryBytes })
  }

  async close(): Promise<void> {
    this.#manager.scheduler.close()
    const inside = [...this.#inside.values()].map((one) => one.close())
    await Promise.all([this.#sandbox.close(), this.#server?.close(), ...inside])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
