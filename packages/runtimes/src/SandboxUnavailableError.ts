import { W3bError } from '@w3bstream/protocol'

/** The node could not run the program, and the program is not to blame: the same task may be proved later, or elsewhere. */
export class SandboxUnavailableError extends W3bError {
  override readonly name = 'SandboxUnavailableError'
  constructor(p: { reason: string }) {
    super('SANDBOX_UNAVAILABLE', `No process could run the program: ${p.reason}`, {
      status: 503,
      retryable: true,
      meta: p,
    })
  }
}
