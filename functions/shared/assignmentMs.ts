/**
 * How long a prover has from its assignment: a proof's own time, and as much again for the queue, the waiting for a place, and the verification. A proof
 * that still runs then has its own time once more.
 */
export const assignmentMs = (limits: { readonly proveTimeoutMs: number }): number => 2 * limits.proveTimeoutMs
