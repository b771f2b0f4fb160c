import type { MessageId, StateLogEntry, TaskRecord } from '@w3bstream/protocol'
import type { V1 } from '../client.ts'
import { viewState } from './viewState.ts'
import { viewTask } from './viewTask.ts'

/** @param messageIds null: the reader may see neither them nor the salt */
export function viewTaskWithStates(
  p: { readonly task: TaskRecord; readonly states: readonly StateLogEntry[] },
  messageIds: readonly MessageId[] | null,
): V1['TaskWithStates'] {
  return {
    ...viewTask(p.task),
    states: p.states.map(viewState),
    ...(messageIds === null ? {} : { salt: p.task.salt, messageIds: [...messageIds] }),
  }
}
