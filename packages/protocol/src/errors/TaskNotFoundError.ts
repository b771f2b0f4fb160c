import { W3bError } from './W3bError.ts'

/** No such task. */
export class TaskNotFoundError extends W3bError {
  override readonly name = 'TaskNotFoundError'
  constructor(p: { task: string }) {
    super('TASK_NOT_FOUND', `Task ${p.task} does not exist.`, { status: 404, meta: p })
  }
}
