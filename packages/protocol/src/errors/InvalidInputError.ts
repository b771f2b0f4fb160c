import { W3bError } from './W3bError.ts'

/** A field that is missing, of the wrong type, out of range or too large. */
export class InvalidInputError extends W3bError {
  override readonly name = 'InvalidInputError'
  constructor(p: { field: string; problem: string; hint?: string; status?: number; cause?: unknown }) {
    super('INVALID_INPUT', `${p.field} ${p.problem}`, {
      status: p.status ?? 400,
      meta: { field: p.field },
      ...(p.hint === undefined ? {} : { hint: p.hint }),
      ...(p.cause === undefined ? {} : { cause: p.cause }),
    })
  }
}
