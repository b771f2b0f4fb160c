import { W3bError } from './W3bError.ts'

/** The project's owner has paused it on-chain. */
export class ProjectPausedError extends W3bError {
  override readonly name = 'ProjectPausedError'
  constructor(p: { projectId: bigint }) {
    super('PROJECT_PAUSED', `Project ${p.projectId} is paused by its owner.`, {
      status: 409,
      meta: p,
      hint: 'Its owner can resume it with unpauseProject.',
    })
  }
}
