import type { ProofOutput, Runtime } from '@w3bstream/core/ports'
import { UnsupportedRuntimeError, type VmType } from '@w3bstream/protocol'

/** Stands in for a runtime that this node does not have, so that a task fails with the reason and not with a missing entry. */
export class UnsupportedRuntime implements Runtime {
  readonly vmType: VmType
  readonly #reason: string

  constructor(vmType: VmType, reason: string) {
    this.vmType = vmType
    this.#reason = reason
  }

  /** @throws {UnsupportedRuntimeError} always */
  async prove(): Promise<ProofOutput> {
    throw new UnsupportedRuntimeError({ runtime: this.vmType, reason: this.#reason })
  }

  async close(): Promise<void> {}
}
