import type { Execution, ProofOutput, ProveJob, ProveProgress } from '@w3bstream/core/ports'
import { ProgramError, toHex } from '@w3bstream/protocol'
import { taskErrorOf } from '../grpc/taskErrorOf.ts'
import type { ProvePlace } from '../native/ProvePlace.ts'
import { runtimeJob } from '../native/runtimeJob.ts'
import { usageOf } from '../native/usageOf.ts'
import { withProgram } from '../native/withProgram.ts'
import { checkGuestProof } from './checkGuestProof.ts'
import { guestInputs } from './guestInputs.ts'
import { olderReceiptText } from './olderReceiptText.ts'
import { readJournal } from './readJournal.ts'

/** A selector of four bytes, and the proof of 256. */
const GROTH16_BYTES = 260

/**
 * Proves a guest by our protocol, and checks the proof where there is a checker.
 * @throws {ProgramError} @throws {ProgramLimitError} @throws {UnsupportedRuntimeError} @throws {RuntimeLostError} and what `signal` was aborted with
 */
export async function proveGuest(
  { prover, checker }: ProvePlace,
  job: ProveJob,
  signal: AbortSignal,
  onProgress: (progress: ProveProgress) => void,
): Promise<ProofOutput> {
  const name = { vmType: 'risc0', at: prover.at } as const
  const made = await failing(name, async () => {
    const client = await prover.client(signal)
    return withProgram(client, 'risc0', job, signal, (program) =>
      client.prove(runtimeJob(job, program, guestInputs(job)), signal, onProgress),
    )
  })
  const { proof, journal } = made
  const kind = kindOf(made.kind)
  if (kind === null || proof.length === 0 || (kind === 'groth16' && proof.length !== GROTH16_BYTES))
    throw nonsense(prover.at, `${proof.length} bytes of “${made.kind}”, which is no receipt`)
  if (job.onChain && kind !== 'groth16') throw nonsense(prover.at, 'a receipt that no chain verifies')
  const receipt = { kind, proof, journal }
  const imageId = checker === null ? null : await checkGuestProof(checker, job, receipt, prover.at, signal)
  return {
    proof,
    ...readJournal(journal, job),
    raw: olderReceiptText(receipt, imageId ?? made.image_id),
    checkedBy: imageId === null ? null : `image id ${toHex(imageId)}`,
    ...usageOf(made),
  }
}

/** Runs a guest without proving. @throws as `proveGuest` */
export async function executeGuest(
  { prover }: Pick<ProvePlace, 'prover'>,
  job: ProveJob,
  signal: AbortSignal,
): Promise<Execution> {
  const run = await failing({ vmType: 'risc0', at: prover.at }, async () => {
    const client = await prover.client(signal)
    return withProgram(client, 'risc0', job, signal, (program) =>
      client.execute(runtimeJob(job, program, guestInputs(job)), signal),
    )
  })
  return {
    cycles: { user: run.user_cycles, total: run.total_cycles, segments: run.segments, po2: run.segment_po2 },
    outputs: readJournal(run.journal, job).outputs,
    journal: toHex(run.journal),
    wallMs: run.wall_ms,
    memoryBytes: run.memory_bytes === 0 ? null : run.memory_bytes,
  }
}

const kindOf = (kind: string): 'composite' | 'groth16' | null =>
  kind === 'composite' || kind === 'groth16' ? kind : null

const nonsense = (at: string | null, what: string): ProgramError =>
  new ProgramError({ runtime: 'risc0', reason: `${at ?? 'its runtime'} returned ${what}` })

async function failing<T>(name: Parameters<typeof taskErrorOf>[1], work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw taskErrorOf(error, name)
  }
}
