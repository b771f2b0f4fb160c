import { W3bError } from './W3bError.ts'

/** A step that the task's transition table does not have. */
export class IllegalTransitionError extends W3bError {
  override readonly name = 'IllegalTransitionError'
  constructor(p: { task: string; from: string; to: string }) {
    super('ILLEGAL_TRANSITION', `Task ${p.task} cannot go from ${p.from} to ${p.to}.`, { status: 409, meta: p })
  }
}
