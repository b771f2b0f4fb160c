/**
 * How long a prover has from its assignment: a proof's own time, and as much again for the queue, the waiting for a place, and the verification. It ends the
 * lease of a proof that still runs.
 */
export const assignmentMs = (limits: { readonly proveTimeoutMs: number }): number => 2 * limits.proveTimeoutMs
