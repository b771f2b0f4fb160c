import type { TaskRecord } from '@w3bstream/protocol'
import type { SpanContext } from './ports/Telemetry.ts'

/** The span of a step that a task takes. */
export function spanOf(record: TaskRecord): SpanContext {
  return { trace: record.trace, attributes: { task: record.id, project: String(record.task.projectId) } }
}
