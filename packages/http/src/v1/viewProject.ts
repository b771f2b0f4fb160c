import type { ProjectRecord } from '@w3bstream/protocol'
import type { V1 } from '../client.ts'

/** A project's registry record. */
export function viewProject(record: ProjectRecord): V1['Project'] {
  return {
    id: record.id.toString(),
    uri: record.uri,
    hash: record.hash,
    paused: record.paused,
    owner: record.owner,
    block: record.block.toString(),
  }
}
