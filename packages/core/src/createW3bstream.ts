import { type ProjectId, type TaskId, TaskNotFoundError, W3bError } from '@w3bstream/protocol'
import { assignTask } from './assignTask.ts'
import { createEntrance, type EntranceModules } from './createEntrance.ts'
import type { IngestLimits } from './ingest.ts'
import { isDue, type PackPorts, packTask } from './packTask.ts'
import { type ReconcilePorts, replayTask } from './reconcile.ts'
import type { W3bstream } from './W3bstream.ts'

export interface W3bstreamModules extends EntranceModules, PackPorts, ReconcilePorts {
  /** Called after messages were accepted, with the logs they are in: wakes the sequencer. */
  readonly accepted: (projectId: ProjectId) => void
}

export interface W3bstreamOptions {
  readonly ingest: IngestLimits
  /** How long a prover has from its assignment. */
  readonly proveTimeoutMs: number
}

/** Joins the steps over one set of ports into what HTTP and the CLI call. */
export function createW3bstream(m: W3bstreamModules, o: W3bstreamOptions): W3bstream & { close(): void } {
  const entrance = createEntrance(m, o.ingest)
  return {
    ...entrance,
    async ingest(requests) {
      const outcomes = await entrance.ingest(requests)
      for (const [i, outcome] of outcomes.entries()) {
        const request = requests[i]
        if (outcome.accepted && request !== undefined) m.accepted(request.projectId)
      }
      return outcomes
    },
    async packNow(projectId, version) {
      const made: TaskId[] = []
      const { version: found } = await m.projects.version(projectId, version)
      const waiting = await m.messages.waiting(found.aggregation.amount)
      const log = waiting.find((one) => one.log.projectId === projectId && one.log.version === version)
      // Packing reads the messages: not for every post of a batch that is still open.
      if (log === undefined || !isDue(found, log, m.clock.now())) return made
      for (;;) {
        const id = await packTask(m, { projectId, version })
        if (id === null) return made
        made.push(id)
        const record = await m.tasks.get(id)
        if (record?.state === 'packed') await assignTask(m, record, o.proveTimeoutMs)
      }
    },
    async replay(id, actor) {
      const record = await m.tasks.get(id)
      if (record === null) throw new TaskNotFoundError({ task: id })
      const replayed = await replayTask(m, id, actor, record)
      if (replayed.state === 'packed') {
        try {
          return await assignTask(m, replayed, o.proveTimeoutMs)
        } catch (error) {
          // It is back on the road; the sweep assigns it as soon as it may.
          if (error instanceof W3bError && error.retryable) return replayed
          throw error
        }
      }
      await m.settleQueue.send(id)
      return replayed
    },
  }
}
