import type { Runtime } from '@w3bstream/core/ports'
import type { VmType } from '@w3bstream/protocol'
import { GrpcRuntime } from './GrpcRuntime.ts'
import { Halo2Runtime } from './Halo2Runtime.ts'
import type { RuntimeEngine } from './native/RuntimeEngine.ts'
import { Risc0Runtime } from './Risc0Runtime.ts'
import type { Sandbox } from './sandbox/Sandbox.ts'
import { UnsupportedRuntime } from './UnsupportedRuntime.ts'
import { WasmRuntime } from './WasmRuntime.ts'

/** What the runtimes of a node are made over. */
export interface RuntimeParts {
  readonly sandbox: Sandbox
  readonly native: RuntimeEngine | null
  /** Addresses of the operator's own images, each in the place of what this node has for that kind of program. */
  readonly external: ReadonlyMap<VmType, string>
}

/** One runtime for every kind of program. Their parts' owner closes those. @throws {InvalidConfigError} an address is none */
export function makeRuntimes({ sandbox, native, external }: RuntimeParts): ReadonlyMap<VmType, Runtime> {
  const inside: readonly Runtime[] = [
    new Halo2Runtime({ sandbox, native }),
    new WasmRuntime({ sandbox }),
    native === null
      ? new UnsupportedRuntime('risc0', 'it has no RISC Zero prover: its native runtime is switched off')
      : new Risc0Runtime({ native }),
    new UnsupportedRuntime('zkwasm', 'it has no zkWasm prover'),
  ]
  return new Map(
    inside.map((runtime): [VmType, Runtime] => {
      const { vmType } = runtime
      const address = external.get(vmType)
      return [vmType, address === undefined ? runtime : new GrpcRuntime({ vmType, address, checker: native })]
    }),
  )
}
