import type { MessageHistory } from '@w3bstream/core'

/** Whether nothing follows the first `seen` events of a message: its task is final or failed, and `received` and the task's states were seen. */
export function isOver({ states, task }: MessageHistory, seen: number): boolean {
  return (task?.state === 'finalized' || task?.state === 'failed') && seen > states.length
}
