import type { Execution, ProofOutput, ProveJob, ProveProgress } from '@w3bstream/core/ports'
import { fromHex, ProgramError, toHex } from '@w3bstream/protocol'
import type { LoadedProgram, RuntimeClient } from '../grpc/RuntimeClient.ts'
import { taskErrorOf } from '../grpc/taskErrorOf.ts'
import type { ProvePlace } from '../native/ProvePlace.ts'
import { runtimeJob } from '../native/runtimeJob.ts'
import { usageOf } from '../native/usageOf.ts'
import { withProgram } from '../native/withProgram.ts'
import { proveTaskText } from '../proveTaskText.ts'
import { type CircuitName, readCircuitName } from './readCircuitName.ts'
import { readProveTask } from './readProveTask.ts'
import { readTaskInputs } from './readTaskInputs.ts'

/**
 * Proves with a built-in circuit by our protocol: input and output are those of `prove_task`. The proof is verified by the verifying key that the project
 * version names, where the checker knows that circuit.
 * @throws {ProgramError} @throws {ProgramLimitError} @throws {UnsupportedRuntimeError} @throws {RuntimeLostError} and what `signal` was aborted with
 */
export async function proveCircuit(
  { prover, checker }: ProvePlace,
  job: ProveJob,
  signal: AbortSignal,
  onProgress: (progress: ProveProgress) => void,
): Promise<ProofOutput> {
  const name = readCircuitName(job.codeExpParam)
  try {
    const client = await prover.client(signal)
    const made = await withProgram(client, 'halo2', job, signal, (program) => {
      sameKey(program, name, prover.at)
      return client.prove(runtimeJob(job, program, [proveTaskText(job)]), signal, onProgress)
    })
    const raw = JSON.stringify({
      proof: toHex(made.proof),
      publicInputs: made.public_inputs.map((input) => toHex(input)),
    })
    const output = { ...readProveTask(raw, job), ...usageOf(made) }
    if (checker === null || name === null) return output
    const checked = { ...output, checkedBy: `verifying key ${name.verifyingKey}` }
    // It verified the proof itself, apart from the process that proved: once more by the same would double what that costs.
    if (checker === prover) return checked
    const judge = await checker.client(signal)
    if (!(await knowsCircuit(judge, name, signal))) return output
    const { reason } = await judge.verify(
      {
        kind: 'halo2',
        proof: made.proof,
        verifying_key: fromHex(name.verifyingKey),
        public_inputs: made.public_inputs,
      },
      signal,
    )
    if (reason !== null) throw refused(prover.at, `its proof does not hold: ${reason.slice(0, 2048)}`)
    return checked
  } catch (error) {
    throw taskErrorOf(error, { vmType: 'halo2', at: prover.at })
  }
}

/** Runs a built-in circuit without proving. @throws as `proveCircuit` */
export async function executeCircuit(
  { prover }: Pick<ProvePlace, 'prover'>,
  job: ProveJob,
  signal: AbortSignal,
): Promise<Execution> {
  const name = readCircuitName(job.codeExpParam)
  try {
    const client = await prover.client(signal)
    const run = await withProgram(client, 'halo2', job, signal, (program) => {
      sameKey(program, name, prover.at)
      return client.execute(runtimeJob(job, program, [proveTaskText(job)]), signal)
    })
    return {
      cycles: null,
      outputs: readTaskInputs(
        run.public_inputs.map((input) => toHex(input)),
        job,
      ),
      journal: null,
      wallMs: run.wall_ms,
      memoryBytes: run.memory_bytes === 0 ? null : run.memory_bytes,
    }
  } catch (error) {
    throw taskErrorOf(error, { vmType: 'halo2', at: prover.at })
  }
}

/** Whether a server has the circuit by the very key. @throws {GrpcFailure} */
export async function knowsCircuit(client: RuntimeClient, name: CircuitName, signal: AbortSignal): Promise<boolean> {
  const { circuits } = await client.describe(signal)
  return circuits.some(({ id, verifying_key }) => id === name.circuit && toHex(verifying_key) === name.verifyingKey)
}

function sameKey({ verifying_key }: LoadedProgram, name: CircuitName | null, at: string | null): void {
  const key = toHex(verifying_key)
  if (name !== null && key !== name.verifyingKey)
    throw refused(
      at,
      `its circuit ${name.circuit} has the verifying key ${key}, and the project names ${name.verifyingKey}`,
    )
}

const refused = (at: string | null, reason: string): ProgramError =>
  new ProgramError({ runtime: 'halo2', reason: at === null ? reason : `${at}: ${reason}` })
