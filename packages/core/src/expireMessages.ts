import { type Message, type ProjectVersion, type TaskId, W3bError } from '@w3bstream/protocol'
import type { ProjectResolver } from './ProjectResolver.ts'
import type { BlobStore } from './ports/BlobStore.ts'
import type { Clock } from './ports/Clock.ts'
import type { Expirable, LogId, MessageLog } from './ports/MessageLog.ts'
import type { Telemetry } from './ports/Telemetry.ts'

export interface ExpirePorts {
  readonly messages: MessageLog
  readonly projects: ProjectResolver
  /** Keeps what was exported. */
  readonly exports: BlobStore
  readonly clock: Clock
  readonly telemetry: Telemetry
}

export interface ExpireLimits {
  /** Messages of one export; a task is never divided. */
  readonly count: number
  /** Payload bytes of one export. */
  readonly bytes: number
  /** Exports of one log a call. */
  readonly batches: number
}

const DAY_MS = 86_400_000

/**
 * Deletes payloads that are older than their project's `retentionDays`, each after it was exported: one immutable NDJSON blob a batch.
 *
 * A message is as old as its task, and only ended tasks count, so nothing that waits or is on its way is touched; receipts still check. A version
 * that the project file no longer names is kept as long as the default one. Safe to call at any time: a call that is cut short leaves at most an
 * export of payloads that are still there, and the next one makes the same export again.
 * @param signal ends it between two exports
 * @returns how many payloads were deleted; while it is not 0, more may be due
 */
export async function expireMessages(ports: ExpirePorts, limits: ExpireLimits, signal: AbortSignal): Promise<number> {
  let deleted = 0
  for (const log of await ports.messages.logs()) {
    if (signal.aborted) break
    try {
      deleted += await expireLog(ports, limits, log, signal)
    } catch (error) {
      // One project's trouble is its own: its payloads are kept for now.
      if (!(error instanceof W3bError)) throw error
      ports.telemetry.log('warn', 'retention was passed over', {
        project: String(log.projectId),
        version: log.version,
        reason: error.message,
      })
    }
  }
  if (deleted > 0) ports.telemetry.count('w3b_payloads_expired_total', {}, deleted)
  return deleted
}

async function expireLog(ports: ExpirePorts, limits: ExpireLimits, log: LogId, signal: AbortSignal): Promise<number> {
  const { retentionDays } = await governing(ports.projects, log)
  if (retentionDays === null) return 0
  const before = ports.clock.now() - retentionDays * DAY_MS
  let deleted = 0
  for (let batch = 0; batch < limits.batches && !signal.aborted; batch++) {
    const due = await ports.messages.expirable(log, before, limits)
    if (due.length === 0) break
    deleted += await exportThenDelete(ports, log, due)
  }
  return deleted
}

async function governing(projects: ProjectResolver, { projectId, version }: LogId): Promise<ProjectVersion> {
  const { config } = await projects.project(projectId)
  const named = config.versions.some((one) => one.version === version)
  return (await projects.version(projectId, named ? version : null)).version
}

async function exportThenDelete(ports: ExpirePorts, log: LogId, due: readonly Expirable[]): Promise<number> {
  const lines: string[] = []
  let oldestAt = Number.POSITIVE_INFINITY
  let newestAt = 0
  for (const { task, messages } of due)
    for (const message of messages) {
      lines.push(exportLine(task, message))
      oldestAt = Math.min(oldestAt, message.receivedAt)
      newestAt = Math.max(newestAt, message.receivedAt)
    }
  const bytes = new TextEncoder().encode(lines.join(''))
  const blob = await ports.exports.put(bytes)
  const tasks = due.map(({ task }) => task)
  const at = ports.clock.now()
  return ports.messages.expire(tasks, {
    log,
    blob,
    bytes: bytes.length,
    messages: lines.length,
    oldestAt,
    newestAt,
    at,
  })
}

/** One message of an export; numbers that may not fit a double are decimal strings. */
function exportLine(taskId: TaskId, m: Message): string {
  return `${JSON.stringify({
    messageId: m.id,
    projectId: m.projectId.toString(),
    version: m.version,
    auth: m.auth,
    device: m.device,
    nonce: m.nonce?.toString() ?? null,
    payload: m.payload,
    payloadHash: m.payloadHash,
    signature: m.signature,
    receivedAt: m.receivedAt,
    taskId,
  })}\n`
}
