import type { Address, Hash, Hex, Task, TaskId, VmType } from '@w3bstream/protocol'

/** What a program is given. */
export interface ProveJob {
  readonly taskId: TaskId
  readonly task: Task
  readonly binding: Hash
  /** The task's `data` strings, in leaf order. */
  readonly payloads: readonly string[]
  readonly salt: Hash
  /** The inflated program, and its sha-256: the key of the compiled module's cache. */
  readonly program: { readonly bytes: Uint8Array; readonly hash: Hash }
  readonly codeExpParam: string | null
  /** The key file, where the project version names one; its hash has been checked. */
  readonly provingKey: Uint8Array | null
  readonly limits: { readonly timeoutMs: number; readonly memoryBytes: number }
  /** For the older five-parameter modules. */
  readonly clientId: string
  readonly sequencerSignature: Hex
}

/** What a program returned. */
export interface ProofOutput {
  /** Proof bytes; for older modules whatever bytes their text decodes to. */
  readonly proof: Uint8Array
  /** The output words, concatenated, when the program states them through `prove_task`; empty otherwise. */
  readonly outputs: Hex
  /** All public inputs in order, when stated. */
  readonly publicInputs: readonly Hex[]
  /** The text (or hex of bytes) as the program returned it. */
  readonly raw: string
}

/** Runs a project's program over a task, sandboxed. */
export interface Runtime {
  readonly vmType: VmType
  /**
   * @throws {ProgramError} the program refused, trapped or returned nonsense @throws {ProgramLimitError} @throws {UnsupportedRuntimeError}
   */
  prove(job: ProveJob, signal: AbortSignal): Promise<ProofOutput>
  close(): Promise<void>
}

/** Checks a proof by the verifier that the project's owner registered, not by the owner's program. */
export interface Verifier {
  /**
   * @returns `verified`, or `unregistered` where the version has no verifier: such a proof never goes through `settle`
   * @throws {ProofRejectedError} @throws {ChainUnavailableError} for a retry
   */
  verify(p: {
    readonly task: Task
    readonly taskId: TaskId
    readonly binding: Hash
    readonly proof: Uint8Array
    readonly outputs: Hex
    /** The verifier that the project file names, if it does. */
    readonly named: Address | null
  }): Promise<'verified' | 'unregistered'>
}
