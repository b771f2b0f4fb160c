import { W3bError } from './W3bError.ts'

/** A proof does not verify, or not for this task and prover. */
export class ProofRejectedError extends W3bError {
  override readonly name = 'ProofRejectedError'
  constructor(p: { task: string; reason: string }) {
    super('PROOF_REJECTED', `The proof of task ${p.task} was refused: ${p.reason}.`, { status: 422, meta: p })
  }
}
