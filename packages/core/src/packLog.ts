import { W3bError } from '@w3bstream/protocol'
import { type AssignPorts, assignTask } from './assignTask.ts'
import { isDue, type PackPorts, packTask, taskBytes } from './packTask.ts'
import type { LogId, WaitingLog } from './ports/MessageLog.ts'

export interface PackLogPorts extends PackPorts, AssignPorts {
  /** Told when a log's waiting messages fill a task, for whoever signals that: so many, or so many payload bytes. */
  readonly setFull?: (log: LogId, full: { readonly count: number; readonly bytes: number }) => Promise<void>
}

/** Assignments under way at once: signing them may be a call over the network. */
const ASSIGNING = 64

/**
 * Closes all that is due in one log into tasks, each assigned as soon as it is made. An assignment that fails is logged: the sweep makes up for it.
 * @param timeoutMs how long a prover has from its assignment
 * @param signal ends it between two tasks
 * @returns how many tasks were made
 */
export async function packLog(
  ports: PackLogPorts,
  waiting: WaitingLog,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<number> {
  const { projectId, version: name } = waiting.log
  const { version } = await ports.projects.version(projectId, name)
  await ports.setFull?.(waiting.log, { count: version.aggregation.amount, bytes: taskBytes(version) })
  if (!isDue(version, waiting, ports.clock.now())) return 0
  const assigning = new Set<Promise<void>>()
  let made = 0
  while (!signal.aborted) {
    const id = await packTask(ports, waiting.log)
    if (id === null) break
    made++
    const assigned = ports.tasks
      .get(id)
      .then(async (record) => {
        if (record?.state === 'packed') await assignTask(ports, record, timeoutMs)
      })
      .catch((error: unknown) => {
        const reason = error instanceof W3bError ? error.message : String(error)
        const level = error instanceof W3bError && error.retryable ? 'warn' : 'error'
        ports.telemetry.log(level, 'assigning failed', { task: id, reason })
      })
      .finally(() => assigning.delete(assigned))
    assigning.add(assigned)
    if (assigning.size >= ASSIGNING) await Promise.race(assigning)
  }
  await Promise.all(assigning)
  return made
}
