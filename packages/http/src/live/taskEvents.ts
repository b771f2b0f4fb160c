import type { W3bstream } from '@w3bstream/core'
import type { ProjectId } from '@w3bstream/protocol'
import { viewState } from '../v1/viewState.ts'
import type { ServerSentEvent } from './Streams.ts'

/**
 * The steps of all tasks, or of one project's, as they happen.
 * @param lastId the id of the last event that was seen: those since come first
 */
export async function* taskEvents(
  w3b: W3bstream,
  projectId: ProjectId | null,
  lastId: string | null,
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent> {
  for await (const event of w3b.events({ lastId, signal })) {
    if (projectId !== null && event.projectId !== projectId) continue
    yield {
      id: event.id,
      event: event.entry.state,
      data: { taskId: event.taskId, projectId: event.projectId.toString(), ...viewState(event.entry) },
    }
  }
}
