import { W3bError } from './W3bError.ts'

/** The project's own code went over its time, memory or size. */
export class ProgramLimitError extends W3bError {
  override readonly name = 'ProgramLimitError'
  constructor(p: { runtime: string; limit: string }) {
    super('PROGRAM_LIMIT', `The ${p.runtime} program was stopped: it went over its ${p.limit}.`, {
      status: 422,
      meta: p,
      hint: 'Ask less of it, or raise the limit in the project file up to what the operator allows.',
    })
  }
}
