import type { ProveJob, Runtime } from '@w3bstream/core/ports'
import type { VmType } from '@w3bstream/protocol'
import { Halo2Runtime } from './Halo2Runtime.ts'
import { Sandbox, type SandboxOptions } from './sandbox/Sandbox.ts'
import { UnsupportedRuntime } from './UnsupportedRuntime.ts'
import { WasmRuntime } from './WasmRuntime.ts'

/** Every runtime of a node, over one sandbox. */
export interface Runtimes extends AsyncDisposable {
  get(vmType: VmType): Runtime
  /**
   * Compiles a program ahead of its first task. Does nothing for the runtimes that are not here.
   * @throws {ProgramError} @throws {ProgramLimitError}
   */
  warm(vmType: VmType, job: Pick<ProveJob, 'program' | 'provingKey' | 'limits'>): Promise<void>
  /** Process ids of the sandbox's children, for the metrics of their memory and time. */
  readonly pids: readonly number[]
  /** Ends every child; tasks under way fail. */
  close(): Promise<void>
}

/** No child is started before the first task or `warm`. */
export function createRuntimes(options: SandboxOptions = {}): Runtimes {
  const sandbox = new Sandbox(options)
  const runtimes: Readonly<Record<VmType, Runtime>> = {
    halo2: new Halo2Runtime({ sandbox }),
    wasm: new WasmRuntime({ sandbox }),
    risc0: new UnsupportedRuntime('risc0', 'it has no RISC Zero prover'),
    zkwasm: new UnsupportedRuntime('zkwasm', 'it has no zkWasm prover'),
  }
  const close = (): Promise<void> => sandbox.close()
  return {
    get: (vmType) => runtimes[vmType],
    warm: async (vmType, { program, provingKey, limits }) => {
      if (vmType === 'halo2' || vmType === 'wasm')
        await sandbox.warm({
          kind: vmType,
          ...program,
          provingKey: vmType === 'halo2' ? provingKey : null,
          memoryBytes: limits.memoryBytes,
        })
    },
    get pids() {
      return sandbox.pids
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
