import { type IngestLimits, type IngestPorts, ingest } from './ingest.ts'
import { LiveEvents } from './LiveEvents.ts'
import type { ProjectResolver } from './ProjectResolver.ts'
import type { Registry } from './ports/Registry.ts'
import { messageHistory, messageInclusion, messageReceipt, type QueryPorts, taskHistory, taskProof } from './query.ts'
import type { W3bstream } from './W3bstream.ts'

export interface EntranceModules extends IngestPorts, QueryPorts {
  readonly projects: ProjectResolver
  readonly registry: Registry
  /** Names what is not ready; empty when all is. */
  readonly notReady: () => Promise<string[]>
}

/** What callers may ask of a part of the system that takes messages in and answers questions, and moves no task. */
export type Entrance = Omit<W3bstream, 'packNow' | 'replay'>

/** Joins taking messages in and all questions over one set of ports, which needs no key and no queue. */
export function createEntrance(m: EntranceModules, limits: IngestLimits): Entrance & { close(): void } {
  const live = new LiveEvents(m.tasks)
  return {
    ingest: (requests) => ingest(m, limits, requests),
    message: (id) => messageHistory(m, id),
    task: (id) => taskHistory(m, id),
    async taskByNumber(projectId, number) {
      const task = await m.tasks.byNumber(projectId, number)
      return task === null ? null : taskHistory(m, task.id)
    },
    tasks: (filter) => m.tasks.list(filter),
    members: (id) => m.tasks.members(id),
    proof: (id) => taskProof(m, id),
    inclusion: (id) => messageInclusion(m, id),
    receipt: (id) => messageReceipt(m, id),
    async project(id) {
      return m.projects.project(id)
    },
    projects: () => m.registry.projects(),
    events: ({ lastId, signal }) => live.read(lastId, signal),
    notReady: m.notReady,
    close() {
      live.close()
      m.projects.close()
    },
  }
}
