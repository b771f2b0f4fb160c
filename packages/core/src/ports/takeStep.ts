import { canStep, IllegalTransitionError, StaleLeaseError, type TaskRecord } from '@w3bstream/protocol'
import type { TaskStep } from './TaskStore.ts'

/** The newest lease's token, and whether someone still holds it. */
export interface LeaseState {
  readonly token: bigint
  readonly held: boolean
}

/** What a step makes of a task. */
export interface Stepped {
  readonly record: TaskRecord
  readonly lease: LeaseState
  /** The state log line's `result`. */
  readonly result: string | null
}

/**
 * The step itself, apart from where tasks are kept: what the task looks like afterwards, if the step is allowed.
 * @throws {IllegalTransitionError} @throws {StaleLeaseError}
 */
export function takeStep(
  before: TaskRecord,
  lease: LeaseState,
  step: TaskStep,
  log: { readonly at: number; readonly reason: string },
): Stepped {
  const token = 'token' in step ? step.token : undefined
  if (token !== undefined && (token !== lease.token || !lease.held))
    throw new StaleLeaseError({ task: before.id, token })
  // From `failed` and `submitted` a task goes back to `packed` or `proved` only by a replay, and a replay starts nowhere else.
  const again = 'replay' in step
  const back = before.state === 'failed' || (before.state === 'submitted' && step.to === 'proved')
  const unproved = again && step.to === 'proved' && before.proof === null
  if (!canStep(before.state, step.to) || again !== back || unproved)
    throw new IllegalTransitionError({ task: before.id, from: before.state, to: step.to })
  const record: TaskRecord = { ...before, state: step.to, updatedAt: log.at, failure: null }
  const free: LeaseState = { token: lease.token, held: false }
  switch (step.to) {
    case 'assigned':
      // The lease ends with the attempt: its worker cannot deliver any more.
      return {
        record: { ...record, taskSignature: step.taskSignature, assignment: step.assignment },
        lease: free,
        result: null,
      }
    case 'packed':
      return {
        // The assignment stays: attempts go on counting, and an earlier one may still be running.
        record: { ...record, proof: null, result: null, settlement: null, tries: 0 },
        lease: free,
        result: null,
      }
    case 'proved':
      if ('replay' in step) return { record: { ...record, settlement: null, tries: 0 }, lease: free, result: null }
      return { record: { ...record, proof: step.proof, result: step.result }, lease: free, result: step.show }
    case 'submitted':
      return { record: { ...record, settlement: null }, lease, result: null }
    case 'settled':
      return { record: { ...record, settlement: step.settlement }, lease, result: step.show }
    case 'finalized':
      return { record, lease, result: null }
    case 'failed':
      return { record: { ...record, failure: log.reason }, lease: free, result: null }
  }
}
