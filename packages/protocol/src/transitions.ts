import type { TaskState } from './Task.ts'

/** The one table of legal steps: from a state to those that may follow. */
export const TRANSITIONS: Readonly<Record<TaskState, readonly TaskState[]>> = {
  // `assigned` again is the next attempt, after a deadline passed.
  packed: ['assigned', 'failed'],
  assigned: ['assigned', 'proved', 'failed'],
  // Destinations without a transaction settle at once.
  proved: ['submitted', 'settled', 'failed'],
  // `proved` again: every nonce was abandoned, so the result is to be sent anew.
  submitted: ['settled', 'proved', 'failed'],
  // `submitted` again: a reorg took the block away.
  settled: ['finalized', 'submitted'],
  finalized: [],
  // Replays: `packed` proves again, `proved` only sends again.
  failed: ['packed', 'proved'],
}

/** @returns whether the table has the step. */
export function canStep(from: TaskState, to: TaskState): boolean {
  return TRANSITIONS[from].includes(to)
}

/** State names of the first HTTP API; null: not shown there. */
export const SPROUT_STATES = {
  packed: 'packed',
  assigned: 'dispatched',
  proved: 'proved',
  submitted: null,
  settled: 'outputted',
  finalized: null,
  failed: 'failed',
} as const satisfies Record<TaskState, string | null>

/** State names of the later HTTP API; null: not shown there. */
export const W3BSTREAM_STATES = {
  packed: 'packed',
  assigned: 'assigned',
  proved: null,
  submitted: null,
  settled: 'settled',
  finalized: null,
  failed: 'failed',
} as const satisfies Record<TaskState, string | null>
