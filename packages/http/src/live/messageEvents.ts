import type { W3bstream } from '@w3bstream/core'
import type { MessageId } from '@w3bstream/protocol'
import { viewStates } from '../v1/viewStates.ts'
import type { ServerSentEvent } from './Streams.ts'
import type { TaskChanges } from './TaskChanges.ts'

/** A view looks at the store so often even if nothing is heard. */
const LOOK_AGAIN_MS = 2_000

/**
 * What happened to a message, and what happens to it until its task is final or failed.
 *
 * An event's id is its place in the message's history, which is append-only: it means the same to every process and after every restart.
 * @param lastId the id of the last event that was seen; null: from the beginning
 */
export async function* messageEvents(
  modules: { readonly w3b: W3bstream; readonly changes: TaskChanges },
  id: MessageId,
  lastId: string | null,
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent> {
  const first = await modules.w3b.message(id)
  if (first === null) return
  const { projectId } = first.message
  let task = first.membership?.task ?? null
  using watch = modules.changes.watch((event) =>
    task === null ? event.projectId === projectId && event.entry.state === 'packed' : event.taskId === task,
  )
  let seen = lastId !== null && /^[0-9]{1,9}$/.test(lastId) ? Number(lastId) : 0
  while (!signal.aborted) {
    const history = await modules.w3b.message(id)
    if (history === null) return
    task = history.membership?.task ?? null
    const states = viewStates(history)
    for (const entry of states.slice(seen)) {
      seen++
      yield { id: String(seen), event: entry.state, data: { messageId: id, taskId: task, ...entry } }
    }
    const state = history.task?.state
    if (state === 'finalized' || state === 'failed') return
    await watch.changed(LOOK_AGAIN_MS, signal)
  }
}
