/** What a node's proofs have at most, and where the project file says nothing. */
export const PROVE_LIMITS = {
  // Twenty segments of 2^18 cycles take two cores an hour and 2.4 GB; WASM programs have less of both.
  timeoutMs: 90 * 60_000,
  memoryBytes: 8 * 2 ** 30,
} as const

/** What its sandboxed programs have at most. */
export const PROGRAM_LIMITS = {
  timeoutMs: 5 * 60_000,
  memoryBytes: 2 * 2 ** 30,
} as const
