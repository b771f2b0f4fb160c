import type { W3bstream } from '@w3bstream/core'
import type { MessageId } from '@w3bstream/protocol'
import { viewStates } from '../v1/viewStates.ts'
import { isOver } from './isOver.ts'
import type { ServerSentEvent } from './Streams.ts'
import type { TaskChanges } from './TaskChanges.ts'

/** A view looks at the store so often even if nothing is heard. */
const LOOK_AGAIN_MS = 2_000

/**
 * What happened to a message, and what happens to it until its task is final or failed.
 *
 * An event's id is its place in the message's history, which is append-only: it means the same to every process and after every restart.
 * @param seen how many events the caller has
 */
export async function* messageEvents(
  modules: { readonly w3b: W3bstream; readonly changes: TaskChanges },
  id: MessageId,
  seen: number,
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent> {
  const first = await modules.w3b.message(id)
  if (first === null) return
  const { projectId } = first.message
  let task = first.membership?.task ?? null
  using watch = modules.changes.watch((event) =>
    task === null ? event.projectId === projectId && event.entry.state === 'packed' : event.taskId === task,
  )
  let told = seen
  while (!signal.aborted) {
    const history = await modules.w3b.message(id)
    if (history === null) return
    task = history.membership?.task ?? null
    const states = viewStates(history)
    for (const entry of states.slice(told)) {
      told++
      yield { id: String(told), event: entry.state, data: { messageId: id, taskId: task, ...entry } }
    }
    if (isOver(history, told)) return
    await watch.changed(LOOK_AGAIN_MS, signal)
  }
}
