import type { Address, Hex } from './Hex.ts'
import type { Hash, MessageId, ProjectId, TaskId, TraceId } from './ids.ts'
import type { VmType } from './Project.ts'

/** The `Task` typed data: what a sequencer signs. */
export interface Task {
  readonly projectId: ProjectId
  readonly version: string
  /** sha-256 of the project file, as registered when the task was packed: pins the code. */
  readonly configHash: Hash
  readonly messagesRoot: Hash
  readonly messageCount: number
  /** By the version's input scheme; zero where it names none. */
  readonly inputCommitment: Hash
  readonly sequencer: Address
  /** Below 2^53, unique for (project, sequencer). */
  readonly number: bigint
}

/** The `Assignment` typed data: whom the sequencer asks for a proof, and until when. */
export interface Assignment {
  readonly task: TaskId
  readonly prover: Address
  /** Seconds since the epoch: bounds the delivery of the Result to the sequencer. */
  readonly deadline: bigint
  /** From 1. */
  readonly attempt: bigint
}

/** The `Result` typed data: what a prover signs with its proof. */
export interface Result {
  readonly task: TaskId
  readonly prover: Address
  /** keccak256 of the proof bytes. */
  readonly proofHash: Hash
  /** keccak256 of the encoded outputs. */
  readonly outputsHash: Hash
  readonly chainId: bigint
  readonly router: Address
}

/** Typed data with its 65-byte secp256k1 signature. */
export interface Signed<T> {
  readonly value: T
  readonly signature: Hex
}

/**
 * Where a task stands. `packed` has its messages; `assigned` has a prover; `proved` has a verified proof; `submitted` has signed bytes for its
 * destination; `settled` is mined and successful; `finalized` is past reorgs; `failed` ended with a reason and can be replayed.
 */
export type TaskState = 'packed' | 'assigned' | 'proved' | 'submitted' | 'settled' | 'finalized' | 'failed'

/** One line of a task's append-only state log. */
export interface StateLogEntry {
  readonly state: TaskState
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Who did it: `sequencer`, a prover's address, `settler`, `operator`, … */
  readonly actor: string
  readonly reason: string
  /** `proved`: the proof as the runtime returned it, shortened to its hash where long; `settled`: the transaction hash. */
  readonly result: string | null
}

/** A proof as it is kept. */
export interface ProofRecord {
  /** BlobStore hash of the proof bytes. */
  readonly blob: Hash
  readonly bytes: number
  /** ABI-encoded output words; empty where the program states none. */
  readonly outputs: Hex
  /** BlobStore hash of the text that the runtime returned: the older API shows it. */
  readonly raw: Hash
  /** True where the registered verifier checked it against the task, the prover and the input commitment (zero where nothing binds the input). */
  readonly bound: boolean
  /** Milliseconds the runtime took. */
  readonly provingMs: number
}

/** Where a task's result ended. */
export interface Settlement {
  readonly chainId: bigint
  /** What the transaction called: the settlement router, or the contract of an `ethereumContract` output. */
  readonly contract: Address
  readonly transactionHash: Hash
  readonly blockNumber: bigint
  readonly blockHash: Hash
  readonly gasUsed: bigint
}

/** A task with all that happened to it. */
export interface TaskRecord {
  readonly id: TaskId
  readonly task: Task
  readonly vmType: VmType
  /** 32 bytes, below r: opens the input commitment and keys the leaves' blinds. Shown to the assigned prover and to readers of payloads alone. */
  readonly salt: Hash
  readonly state: TaskState
  /** `traceIdOf` its first message, in leaf order: what its spans and log lines name. */
  readonly trace: TraceId
  readonly createdAt: number
  readonly updatedAt: number
  /** The sequencer's signature over the task: off-chain evidence. */
  readonly taskSignature: Hex | null
  readonly assignment: Signed<Assignment> | null
  readonly proof: ProofRecord | null
  readonly result: Signed<Result> | null
  readonly settlement: Settlement | null
  /** Times that proving or settling was tried since it was packed or replayed. */
  readonly tries: number
  /** Why it failed, while `state` is `failed`. */
  readonly failure: string | null
}

/** A message's place in its task. */
export interface Membership {
  readonly task: TaskId
  readonly messageId: MessageId
  /** Index of the message's leaf. */
  readonly index: number
}
