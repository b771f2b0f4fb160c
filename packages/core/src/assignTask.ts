import {
  type Assignment,
  assignmentDigest,
  type Domain,
  type TaskId,
  type TaskRecord,
  type VmType,
  W3bError,
} from '@w3bstream/protocol'
import { nearestProver } from './nearestProver.ts'
import type { Clock } from './ports/Clock.ts'
import type { Queue } from './ports/Queue.ts'
import type { ProverDirectory } from './ports/Registry.ts'
import type { Signer } from './ports/Signer.ts'
import type { TaskStore } from './ports/TaskStore.ts'
import type { Telemetry } from './ports/Telemetry.ts'
import { spanOf } from './spanOf.ts'

export interface AssignPorts {
  readonly tasks: TaskStore
  readonly provers: ProverDirectory
  readonly signer: Signer
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly domain: Domain
  /** Where the provers of a runtime take their hints: pools on different hardware have queues of their own. */
  readonly proveQueues: (vmType: VmType) => Queue
}

/** No prover may prove for the project now. */
export class NoProverError extends W3bError {
  override readonly name = 'NoProverError'
  constructor(p: { projectId: bigint }) {
    super('NO_PROVER', `No prover serves project ${p.projectId}.`, {
      status: 503,
      retryable: true,
      meta: p,
      hint: 'Start a prover for the project, or allow one.',
    })
  }
}

/** Another prover has the task until a deadline that has not passed. */
export class AssignmentStandsError extends W3bError {
  override readonly name = 'AssignmentStandsError'
  constructor(p: { task: TaskId; deadline: bigint }) {
    super(
      'ASSIGNMENT_STANDS',
      `Task ${p.task} is another prover's until ${new Date(Number(p.deadline) * 1000).toISOString()}.`,
      {
        status: 409,
        retryable: true,
        meta: p,
      },
    )
  }
}

/**
 * Signs the task and its next assignment, stores both, then sends the hint. A repeated call after a crash sends the hint again.
 *
 * Attempt n+1 is signed only after n's deadline has passed without a result: the caller sees to it.
 * @throws {NoProverError} @throws {AssignmentStandsError} for the sweep to try again
 */
export function assignTask(ports: AssignPorts, record: TaskRecord, timeoutMs: number): Promise<TaskRecord> {
  return ports.telemetry.span('assign', spanOf(record), () => assign(ports, record, timeoutMs))
}

async function assign(ports: AssignPorts, record: TaskRecord, timeoutMs: number): Promise<TaskRecord> {
  const prover = nearestProver(await ports.provers.provers(record.task.projectId), record.id)
  if (prover === null) throw new NoProverError({ projectId: record.task.projectId })
  const now = ports.clock.now()
  const standing = record.assignment?.value
  // Another prover's attempt may still bring its result: two must not be at work at once. The same prover's cannot do harm.
  if (standing !== undefined && standing.prover !== prover.address && BigInt(now) <= standing.deadline * 1000n)
    throw new AssignmentStandsError({ task: record.id, deadline: standing.deadline })
  const assignment: Assignment = {
    task: record.id,
    prover: prover.address,
    deadline: BigInt(Math.ceil((now + timeoutMs) / 1000)),
    attempt: (standing?.attempt ?? 0n) + 1n,
  }
  const [taskSignature, signature] = await Promise.all([
    record.taskSignature ?? ports.signer.sign(record.id as unknown as Parameters<Signer['sign']>[0]),
    ports.signer.sign(assignmentDigest(ports.domain, assignment)),
  ])
  const assigned = await ports.tasks.advance(
    record.id,
    { to: 'assigned', taskSignature, assignment: { value: assignment, signature } },
    { at: now, actor: 'sequencer', reason: `attempt ${assignment.attempt} by ${prover.id}` },
  )
  await sendProveHint(ports, record)
  return assigned
}

/** Tells provers to look at a task. */
export function sendProveHint(ports: Pick<AssignPorts, 'proveQueues'>, record: TaskRecord): Promise<void> {
  return ports.proveQueues(record.vmType).send(record.id)
}
