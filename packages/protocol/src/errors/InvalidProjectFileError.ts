import { W3bError } from './W3bError.ts'

/** A project file that does not have the form of one. */
export class InvalidProjectFileError extends W3bError {
  override readonly name = 'InvalidProjectFileError'
  /** @param p.field where in the file: `versions[0].vmType`; empty for the file as a whole */
  constructor(p: { field: string; problem: string; hint?: string; cause?: unknown }) {
    super('INVALID_PROJECT_FILE', `The project file is not valid: ${p.field || 'it'} ${p.problem}.`, {
      status: 422,
      meta: { field: p.field, problem: p.problem },
      ...(p.hint === undefined ? {} : { hint: p.hint }),
      ...(p.cause === undefined ? {} : { cause: p.cause }),
    })
  }
}
