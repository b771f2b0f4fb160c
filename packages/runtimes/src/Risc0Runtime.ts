import type { Execution, ProofOutput, ProveJob, ProveProgress, Runtime } from '@w3bstream/core/ports'
import type { RuntimeEngine } from './native/RuntimeEngine.ts'
import { executeGuest, proveGuest } from './risc0/proveGuest.ts'

/**
 * Proves with a project's RISC Zero guest in this node's native runtime, which is shared: its owner closes it. Every proof is verified by the image id of the
 * project's own program before it is given back.
 */
export class Risc0Runtime implements Runtime {
  readonly vmType = 'risc0'
  readonly #native: RuntimeEngine

  constructor({ native }: { readonly native: RuntimeEngine }) {
    this.#native = native
  }

  prove(
    job: ProveJob,
    signal: AbortSignal,
    onProgress: (progress: ProveProgress) => void = () => {},
  ): Promise<ProofOutput> {
    return proveGuest({ prover: this.#native, checker: this.#native }, job, signal, onProgress)
  }

  execute(job: ProveJob, signal: AbortSignal): Promise<Execution> {
    return executeGuest({ prover: this.#native }, job, signal)
  }

  async close(): Promise<void> {}
}
