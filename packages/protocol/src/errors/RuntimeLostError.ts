import { W3bError } from './W3bError.ts'

/** The process that ran the program ended, or no longer answers, without the program's doing: the task may be tried once more, elsewhere. */
export class RuntimeLostError extends W3bError {
  override readonly name = 'RuntimeLostError'
  constructor(p: { runtime: string; reason: string; cause?: unknown }) {
    super('RUNTIME_LOST', `The ${p.runtime} runtime was lost: ${p.reason}`, {
      status: 503,
      meta: { runtime: p.runtime, reason: p.reason },
      retryable: true,
      cause: p.cause,
    })
  }
}
