import type { LogId } from '@w3bstream/core'
import { InvalidInputError, projectId } from '@w3bstream/protocol'

/** Says in a queue that a log may be due. */
export function packHint({ projectId: id, version }: LogId): string {
  return JSON.stringify({ projectId: String(id), version })
}

/** @throws {InvalidInputError} */
export function parsePackHint(body: string): LogId {
  let hint: unknown
  try {
    hint = JSON.parse(body)
  } catch {
    hint = null
  }
  if (typeof hint !== 'object' || hint === null || !('projectId' in hint) || !('version' in hint))
    throw new InvalidInputError({ field: 'hint', problem: 'names no log' })
  return { projectId: projectId(BigInt(String(hint.projectId))), version: String(hint.version) }
}
