import type { ProofOutput, ProveJob, Runtime } from '@w3bstream/core/ports'
import { readProve } from './halo2/readProve.ts'
import { readProveClient } from './halo2/readProveClient.ts'
import { readProveTask } from './halo2/readProveTask.ts'
import { programInput } from './programInput.ts'
import type { Sandbox } from './sandbox/Sandbox.ts'

/** Proves with a project's wasm-bindgen module, sandboxed. The sandbox is shared: its owner closes it. */
export class Halo2Runtime implements Runtime {
  readonly vmType = 'halo2'
  readonly #sandbox: Sandbox

  constructor({ sandbox }: { readonly sandbox: Sandbox }) {
    this.#sandbox = sandbox
  }

  /** @throws {ProgramError} @throws {ProgramLimitError} and what `signal` was aborted with */
  async prove(job: ProveJob, signal: AbortSignal): Promise<ProofOutput> {
    const { program, provingKey, limits } = job
    const { abi, body } = await this.#sandbox.run(
      { kind: 'halo2', ...program, provingKey, memoryBytes: limits.memoryBytes },
      programInput(job),
      limits.timeoutMs,
      signal,
    )
    switch (abi) {
      case 'prove_task':
        return readProveTask(Buffer.from(body).toString('utf8'), job)
      case 'prove_client':
        return readProveClient(body, job)
      default:
        return readProve(Buffer.from(body).toString('utf8'))
    }
  }

  async close(): Promise<void> {}
}
