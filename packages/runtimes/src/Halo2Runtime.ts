import type { Execution, ProofOutput, ProveJob, ProveProgress, Runtime } from '@w3bstream/core/ports'
import { UnsupportedRuntimeError } from '@w3bstream/protocol'
import { GrpcFailure } from './grpc/GrpcFailure.ts'
import type { RuntimeClient } from './grpc/RuntimeClient.ts'
import { taskErrorOf } from './grpc/taskErrorOf.ts'
import { executeCircuit, knowsCircuit, proveCircuit } from './halo2/proveCircuit.ts'
import { type CircuitName, readCircuitName } from './halo2/readCircuitName.ts'
import { readProve } from './halo2/readProve.ts'
import { readProveClient } from './halo2/readProveClient.ts'
import { readProveTask } from './halo2/readProveTask.ts'
import type { RuntimeEngine } from './native/RuntimeEngine.ts'
import { withProgram } from './native/withProgram.ts'
import { programInput } from './programInput.ts'
import type { Sandbox } from './sandbox/Sandbox.ts'

const WASM_MAGIC = Uint8Array.of(0, 0x61, 0x73, 0x6d)

/**
 * Proves with the native runtime's own circuit, where the project version names one that this node's native runtime has; else with the project's wasm-bindgen
 * module, sandboxed. Sandbox and native runtime are shared: their owner closes them.
 */
export class Halo2Runtime implements Runtime {
  readonly vmType = 'halo2'
  readonly #sandbox: Sandbox
  readonly #native: RuntimeEngine | null
  /** The circuit that a server was last seen to have: another process is another client. */
  readonly #known = new WeakMap<RuntimeClient, CircuitName['verifyingKey']>()

  constructor({ sandbox, native = null }: { readonly sandbox: Sandbox; readonly native?: RuntimeEngine | null }) {
    this.#sandbox = sandbox
    this.#native = native
  }

  /** @throws {ProgramError} @throws {ProgramLimitError} @throws {UnsupportedRuntimeError} @throws {RuntimeLostError} and what `signal` was aborted with */
  async prove(
    job: ProveJob,
    signal: AbortSignal,
    onProgress: (progress: ProveProgress) => void = () => {},
  ): Promise<ProofOutput> {
    const native = await this.#nativeFor(job, signal)
    if (native !== null) return proveCircuit({ prover: native, checker: native }, job, signal, onProgress)
    const { program, provingKey, limits } = job
    const { abi, body, usage } = await this.#sandbox.run(
      { kind: 'halo2', ...program, provingKey, memoryBytes: limits.memoryBytes },
      programInput(job),
      limits.timeoutMs,
      signal,
    )
    switch (abi) {
      case 'prove_task':
        return { ...readProveTask(Buffer.from(body).toString('utf8'), job), usage }
      case 'prove_client':
        return { ...readProveClient(body, job), usage }
      default:
        return { ...readProve(Buffer.from(body).toString('utf8')), usage }
    }
  }

  /** A built-in circuit alone: a module only proves. @throws as `prove` */
  async execute(job: ProveJob, signal: AbortSignal): Promise<Execution> {
    const native = await this.#nativeFor(job, signal)
    if (native === null)
      throw new UnsupportedRuntimeError({ runtime: 'halo2', reason: 'a WASM module proves, and does nothing less' })
    return executeCircuit({ prover: native }, job, signal)
  }

  async close(): Promise<void> {}

  /** @returns the native runtime where it has the job's circuit; null where the module is to prove */
  async #nativeFor(job: ProveJob, signal: AbortSignal): Promise<RuntimeEngine | null> {
    const name = readCircuitName(job.codeExpParam)
    if (name === null) return null
    const reason = await this.#without(name, job, signal)
    if (reason === null) return this.#native
    if (Buffer.compare(job.program.bytes.subarray(0, WASM_MAGIC.length), WASM_MAGIC) === 0) return null
    throw new UnsupportedRuntimeError({
      runtime: 'halo2',
      reason: `the project version names the built-in circuit ${name.circuit} and brings no WASM module; ${reason}`,
    })
  }

  /** Why the circuit cannot be had here, or null where it can. */
  async #without(name: CircuitName, job: ProveJob, signal: AbortSignal): Promise<string | null> {
    if (this.#native === null) return 'the native runtime is switched off here'
    try {
      const client = await this.#native.client(signal)
      if (this.#known.get(client) === name.verifyingKey) return null
      await this.#keyMade(client, name, job, signal)
      if (await knowsCircuit(client, name, signal)) {
        this.#known.set(client, name.verifyingKey)
        return null
      }
      return `the native runtime here has no such circuit with the verifying key ${name.verifyingKey}`
    } catch (error) {
      const failure = taskErrorOf(error, { vmType: 'halo2', at: this.#native.at })
      if (!(error instanceof GrpcFailure && failure instanceof UnsupportedRuntimeError)) throw failure
      return error.message
    }
  }

  /**
   * Has the circuit's key made where there is none: with a ceremony's SRS that takes until a first task needs it, and which key it is shows then.
   * @throws {GrpcFailure} also where it is another than the one named
   */
  async #keyMade(client: RuntimeClient, { circuit }: CircuitName, job: ProveJob, signal: AbortSignal): Promise<void> {
    const { circuits } = await client.describe(signal)
    const there = circuits.find(({ id }) => id === circuit)
    if (there?.verifying_key.length === 0) await withProgram(client, 'halo2', job, signal, async () => {})
  }
}
