/** What a machine has for proofs. */
export interface Machine {
  readonly cores: number
  /** For the programs, beside what this process itself takes. */
  readonly memoryBytes: number
  readonly gpus: number
}
