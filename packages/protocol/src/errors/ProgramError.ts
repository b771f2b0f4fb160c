import { W3bError } from './W3bError.ts'

/** The project's own code refused its input, trapped, or returned what it must not. */
export class ProgramError extends W3bError {
  override readonly name = 'ProgramError'
  constructor(p: { runtime: string; reason: string }) {
    super('PROGRAM_FAILED', `The ${p.runtime} program failed: ${p.reason}`, { status: 422, meta: p })
  }
}
