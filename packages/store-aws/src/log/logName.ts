import type { LogId } from '@w3bstream/core/ports'
import { projectId } from '@w3bstream/protocol'

/** A log as items name it: `<project>#<version>`. */
export const logName = (log: LogId): string => `${log.projectId}#${log.version}`

/** @throws {InvalidInputError} it is none */
export function parseLogName(name: string): LogId {
  const at = name.indexOf('#')
  return { projectId: projectId(name.slice(0, at)), version: name.slice(at + 1) }
}
