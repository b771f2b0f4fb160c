/** What is asked of a program in one task. */
export interface ProgramInput {
  /** The task's `data` strings, in leaf order. */
  readonly data: readonly string[]
  /** The other members of `prove_task`'s JSON. */
  readonly task: unknown
  readonly binding: string
  readonly salt: string
  /** For the older modules that take five parameters: decimal strings below 2^64, then texts. */
  readonly projectId: string
  readonly taskId: string
  readonly clientId: string
  readonly sequencerSignature: string
}

/** How a program is called. */
export type ProgramAbi = 'prove_task' | 'prove' | 'prove_client' | 'ws'

/** A compiled program. Every run gets a fresh instance; nothing of a run is left for the next. */
export interface Program {
  readonly abi: ProgramAbi
  /** What `proving_key_needed` names, as the module spells it. */
  readonly provingKeyNeeded: string | null
  /** @returns the text (UTF-8), or for `prove_client` the bytes, that the program returned. @throws {Refusal} and whatever the program throws */
  run(input: ProgramInput): Uint8Array
}

export const MOST_RESULT_BYTES = 8 * 1024 * 1024
