import { W3bError } from './W3bError.ts'

/** The registry has no such project, or its project file has no such version. */
export class ProjectNotFoundError extends W3bError {
  override readonly name = 'ProjectNotFoundError'
  constructor(p: { projectId: bigint; version?: string }) {
    super(
      'PROJECT_NOT_FOUND',
      `Project ${p.projectId}${p.version === undefined ? '' : `, version ${p.version},`} does not exist.`,
      { status: 404, meta: p, hint: 'Register the project, or name a version that its project file has.' },
    )
  }
}
