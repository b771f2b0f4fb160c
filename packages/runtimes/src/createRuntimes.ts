import type { ProveJob, Runtime } from '@w3bstream/core/ports'
import type { VmType } from '@w3bstream/protocol'
import { Halo2Runtime } from './Halo2Runtime.ts'
import { Sandbox, type SandboxOptions } from './sandbox/Sandbox.ts'
import { UnsupportedRuntime } from './UnsupportedRuntime.ts'
import { WasmRuntime } from './WasmRuntime.ts'

/** Every runtime of a node by its kind, over one sandbox. */
export interface Runtimes extends ReadonlyMap<VmType, Runtime>, AsyncDisposable {
  /**
   * Compiles a program ahead of its first task. Does nothing for the runtimes that are not here.
   * @throws {ProgramError} @throws {ProgramLimitError}
   */
  warm(vmType: VmType, job: Pick<ProveJob, 'program' | 'provingKey' | 'limits'>): Promise<void>
  /** Process ids of the sandbox's children, for metrics of their memory and time. */
  readonly pids: readonly number[]
  /** Ends every child; tasks under way fail. */
  close(): Promise<void>
}

/** No child is started before the first task or `warm`. @throws {SandboxUnavailableError} where `networkWall` asks for what is not to be had */
export function createRuntimes(options: SandboxOptions = {}): Runtimes {
  return new SandboxedRuntimes(new Sandbox(options))
}

class SandboxedRuntimes extends Map<VmType, Runtime> implements Runtimes {
  readonly #sandbox: Sandbox

  constructor(sandbox: Sandbox) {
    super([
      ['halo2', new Halo2Runtime({ sandbox })],
      ['wasm', new WasmRuntime({ sandbox })],
      ['risc0', new UnsupportedRuntime('risc0', 'it has no RISC Zero prover')],
      ['zkwasm', new UnsupportedRuntime('zkwasm', 'it has no zkWasm prover')],
    ])
    this.#sandbox = sandbox
  }

  get pids(): readonly number[] {
    return this.#sandbox.pids
  }

  async warm(
    vmType: VmType,
    { program, provingKey, limits }: Pick<ProveJob, 'program' | 'provingKey' | 'limits'>,
  ): Promise<void> {
    if (vmType !== 'halo2' && vmType !== 'wasm') return
    const key = vmType === 'halo2' ? provingKey : null
    await this.#sandbox.warm({ kind: vmType, ...program, provingKey: key, memoryBytes: limits.memoryBytes })
  }

  close(): Promise<void> {
    return this.#sandbox.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
