import type { ProofOutput, ProveJob, Runtime } from '@w3bstream/core/ports'
import type { VmType } from '@w3bstream/protocol'

/** A runtime whose first proof takes until it is stopped: a prover with its own machine, which takes nothing from what is measured. */
export class BusyRuntime implements Runtime {
  readonly vmType: VmType = 'halo2'

  prove(_job: ProveJob, signal: AbortSignal): Promise<ProofOutput> {
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true })
      if (signal.aborted) reject(new Error('stopped'))
    })
  }

  async close(): Promise<void> {}
}
