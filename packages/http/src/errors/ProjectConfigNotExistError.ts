import { W3bError } from '@w3bstream/protocol'

/** No such project or version, in the words and with the status of the older API. */
export class ProjectConfigNotExistError extends W3bError {
  override readonly name = 'ProjectConfigNotExistError'
  constructor(p: { projectId: bigint; version: string; cause: unknown }) {
    super('PROJECT_NOT_FOUND', `project config not exist, projectID ${p.projectId}, version ${p.version}`, {
      status: 400,
      meta: { projectId: p.projectId, version: p.version },
      cause: p.cause,
    })
  }
}
