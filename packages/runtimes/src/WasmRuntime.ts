import type { ProofOutput, ProveJob, Runtime } from '@w3bstream/core/ports'
import { programInput } from './programInput.ts'
import type { Sandbox } from './sandbox/Sandbox.ts'

/**
 * Runs a project's plain WASM module (`start`, `ws_*`), sandboxed. The sandbox is shared: its owner closes it.
 *
 * It computes and proves nothing: in the place of proof bytes stands the UTF-8 of the JSON text
 * `{"results":[{"code":0,"data":"0x…"|null}…],"db":{"0x<key>":"0x<value>"}}`, one result a message.
 */
export class WasmRuntime implements Runtime {
  readonly vmType = 'wasm'
  readonly #sandbox: Sandbox

  constructor({ sandbox }: { readonly sandbox: Sandbox }) {
    this.#sandbox = sandbox
  }

  /** @throws {ProgramError} @throws {ProgramLimitError} and what `signal` was aborted with */
  async prove(job: ProveJob, signal: AbortSignal): Promise<ProofOutput> {
    const { program, limits } = job
    const { body, usage } = await this.#sandbox.run(
      { kind: 'wasm', ...program, provingKey: null, memoryBytes: limits.memoryBytes },
      programInput(job),
      limits.timeoutMs,
      signal,
    )
    const raw = Buffer.from(body).toString('utf8')
    return { proof: body, outputs: '0x', publicInputs: [], raw, checkedBy: null, usage }
  }

  async close(): Promise<void> {}
}
