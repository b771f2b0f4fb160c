import type { TaskId } from '@w3bstream/protocol'
import type { TaskStore } from './ports/TaskStore.ts'

/** Whether a prover is at work on a task: whether its lease lasts at `now`. */
export async function isHeld(tasks: Pick<TaskStore, 'leaseUntil'>, id: TaskId, now: number): Promise<boolean> {
  const until = await tasks.leaseUntil(id)
  return until !== null && until > now
}
