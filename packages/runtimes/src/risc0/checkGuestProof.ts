import type { ProveJob } from '@w3bstream/core/ports'
import { ProgramError, toHex } from '@w3bstream/protocol'
import { taskErrorOf } from '../grpc/taskErrorOf.ts'
import type { RuntimeEngine } from '../native/RuntimeEngine.ts'
import { withProgram } from '../native/withProgram.ts'

export interface GuestProof {
  readonly kind: 'composite' | 'groth16'
  readonly proof: Uint8Array
  readonly journal: Uint8Array
}

/**
 * The image id of a job's program, computed here.
 * @throws {ProgramError} it is no guest of this release @throws {RuntimeLostError} @throws {UnsupportedRuntimeError}
 */
export async function guestImageId(checker: RuntimeEngine, job: ProveJob, signal: AbortSignal): Promise<Uint8Array> {
  try {
    const client = await checker.client(signal)
    return await withProgram(client, 'risc0', job, signal, async ({ image_id }) => image_id)
  } catch (error) {
    throw taskErrorOf(error, { vmType: 'risc0', at: checker.at })
  }
}

/**
 * Verifies a proof by an image id: what the proof says of itself counts for nothing.
 * @param imageId of the project's own program
 * @returns null where it holds, and for that very journal; else why not
 * @throws {RuntimeLostError} @throws {UnsupportedRuntimeError}
 */
export async function guestProofFault(
  checker: RuntimeEngine,
  imageId: Uint8Array,
  { kind, proof, journal }: GuestProof,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const client = await checker.client(signal)
    const verdict = await client.verify({ kind, proof, image_id: imageId, journal }, signal)
    if (verdict.reason !== null) return verdict.reason.slice(0, 2_048)
    const own = kind === 'groth16' || toHex(verdict.journal) === toHex(journal)
    return own ? null : 'the journal is not the one that its receipt carries'
  } catch (error) {
    throw taskErrorOf(error, { vmType: 'risc0', at: checker.at })
  }
}

/**
 * Both of the above.
 * @param prover where the proof is from, for the error's text
 * @returns the image id that it was checked by
 * @throws {ProgramError} it does not hold @throws as `guestImageId`
 */
export async function checkGuestProof(
  checker: RuntimeEngine,
  job: ProveJob,
  proof: GuestProof,
  prover: string | null,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const imageId = await guestImageId(checker, job, signal)
  const fault = await guestProofFault(checker, imageId, proof, signal)
  if (fault === null) return imageId
  throw new ProgramError({ runtime: 'risc0', reason: `${prover ?? 'its runtime'}: its proof does not hold: ${fault}` })
}
