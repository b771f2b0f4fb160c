import type { ProveJob, Runtime } from '@w3bstream/core/ports'
import type { VmType } from '@w3bstream/protocol'
import { makeRuntimes } from './makeRuntimes.ts'
import { type NativeOptions, NativeServer } from './native/NativeServer.ts'
import { Sandbox, type SandboxOptions } from './sandbox/Sandbox.ts'

export interface RuntimesOptions extends SandboxOptions {
  /** The native runtime, as `findNative` finds it; a binary that is missing fails the tasks that need it. Default null: none. */
  readonly native?: NativeOptions | null
  /** Addresses of the operator's own runtime images, each in the place of this node's runtime for that kind of program. */
  readonly external?: ReadonlyMap<VmType, string>
}

/** Every runtime of a node by its kind, over one sandbox and one native runtime. */
export interface Runtimes extends ReadonlyMap<VmType, Runtime>, AsyncDisposable {
  /**
   * Compiles a program ahead of its first task. Does nothing for the runtimes that are not here.
   * @throws {ProgramError} @throws {ProgramLimitError}
   */
  warm(vmType: VmType, job: Pick<ProveJob, 'program' | 'provingKey' | 'limits'>): Promise<void>
  /** Process ids of the sandbox's children and of the native runtime, for metrics of their memory and time. */
  readonly pids: readonly number[]
  /** Ends every child; tasks under way fail. */
  close(): Promise<void>
}

/**
 * No child is started before the first task or `warm`.
 * @throws {SandboxUnavailableError} where `networkWall` asks for what is not to be had @throws {InvalidConfigError} an external address is none
 */
export function createRuntimes({ native = null, external = new Map(), ...sandbox }: RuntimesOptions = {}): Runtimes {
  return new NodeRuntimes(new Sandbox(sandbox), native === null ? null : new NativeServer(native), external)
}

class NodeRuntimes extends Map<VmType, Runtime> implements Runtimes {
  readonly #sandbox: Sandbox
  readonly #native: NativeServer | null

  constructor(sandbox: Sandbox, native: NativeServer | null, external: ReadonlyMap<VmType, string>) {
    super(makeRuntimes({ sandbox, native, external }))
    this.#sandbox = sandbox
    this.#native = native
  }

  get pids(): readonly number[] {
    const native = this.#native?.pid
    return native === undefined ? this.#sandbox.pids : [...this.#sandbox.pids, native]
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
    await Promise.all([this.#sandbox.close(), this.#native?.close(), ...[...this.values()].map((one) => one.close())])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
