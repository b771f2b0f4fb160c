import type { Address, Hash, Hex, Task, TaskId, VmType } from '@w3bstream/protocol'

export interface ProveJobLimits {
  readonly timeoutMs: number
  readonly memoryBytes: number
  /** Threads that prove at once, where the runtime can use several. Absent: as many as there are cores. */
  readonly threads?: number
}

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
  readonly limits: ProveJobLimits
  /** Whether a settlement router will check the proof: RISC Zero needs the Groth16 form for that. */
  readonly onChain: boolean
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
  /** What the runtime itself checked the proof by, such as `image id 0x…`; null where it could check nothing. */
  readonly checkedBy: string | null
  /** What it took, where the runtime can tell: the next proof of the program is planned by it. */
  readonly usage?: Usage
}

/** What a proof took. */
export interface Usage {
  /** Resident memory of the process that proved, at its peak. */
  readonly memoryBytes: number
  /** Of all its threads. */
  readonly cpuMs: number
}

/** How far a proof is. */
export interface ProveProgress {
  readonly phase: 'executing' | 'proving' | 'compressing' | 'verifying'
  /** Of `planned` parts, segments of a guest's execution for instance. */
  readonly done: number
  readonly planned: number
}

/** What running a program without proving shows. */
export interface Execution {
  /** What proving it costs, where the proof system counts it. */
  readonly cycles: {
    readonly user: number
    readonly total: number
    readonly segments: number
    readonly po2: number
  } | null
  readonly outputs: Hex
  /** Guest: what it committed. */
  readonly journal: Hex | null
  readonly wallMs: number
  /** What proving takes at most, estimated; null where nothing is known. */
  readonly memoryBytes: number | null
}

/** What a place on the machine is asked for, before the task is leased and its program read. `limits` are the operator's. */
export type ReservationAsk = Pick<ProveJob, 'taskId' | 'task' | 'limits'>

/** A place on the machine, with the memory that the program takes: the proof starts at once. */
export interface Reservation extends Pick<Runtime, 'prove'> {
  /** Gives the place back. */
  release(): void
}

/** Runs a project's program over a task, sandboxed. */
export interface Runtime {
  readonly vmType: VmType
  /**
   * @param onProgress told now and then, in order, never after the promise settled
   * @throws {ProgramError} the program refused, trapped or returned nonsense, or its runtime's proof does not hold @throws {ProgramLimitError}
   * @throws {UnsupportedRuntimeError} @throws {RuntimeLostError} the process that proved ended without the program's doing: once more, elsewhere
   */
  prove(job: ProveJob, signal: AbortSignal, onProgress?: (progress: ProveProgress) => void): Promise<ProofOutput>
  /**
   * Waits for a place on a shared machine, before the task is leased: meanwhile another prover may take it. Absent: there is always one.
   * @returns null where too many wait already, or it took too long: ask again later @throws what `signal` was aborted with
   */
  reserve?(ask: ReservationAsk, signal: AbortSignal): Promise<Reservation | null>
  /** Runs the program without proving, where the runtime can. @throws as `prove` */
  execute?(job: ProveJob, signal: AbortSignal): Promise<Execution>
  close(): Promise<void>
}

/** Checks a proof by the verifier that the project's owner registered, not by the owner's program. */
export interface Verifier {
  /**
   * @returns `verified`, or `unregistered` where the version has no verifier, or `offChain` for a receipt that its verifier does not take, of a version that
   * does not settle: neither of the latter goes through `settle`
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
    /** Whether the settlement router will check it. */
    readonly settles: boolean
  }): Promise<Verdict>
}

/** What `Verifier.verify` says of a proof that it does not reject. */
export type Verdict = 'verified' | 'unregistered' | 'offChain'
