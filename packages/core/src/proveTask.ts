import {
  type Address,
  bindingOf,
  ChainUnavailableError,
  type Domain,
  fromHex,
  type Hash,
  keccak256,
  type ProjectVersion,
  type ProofRecord,
  ProofRejectedError,
  type Result,
  RuntimeLostError,
  resultDigest,
  type Signed,
  StaleLeaseError,
  StoreUnavailableError,
  type TaskId,
  type TaskRecord,
  UnsupportedRuntimeError,
  type VmType,
  W3bError,
} from '@w3bstream/protocol'
import { isHeld } from './isHeld.ts'
import { ProgressNotes, type ProgressNotesOptions } from './ProgressNotes.ts'
import type { ProjectResolver } from './ProjectResolver.ts'
import { pause } from './pause.ts'
import type { BlobStore } from './ports/BlobStore.ts'
import type { Clock } from './ports/Clock.ts'
import type { MessageLog } from './ports/MessageLog.ts'
import type { Queue } from './ports/Queue.ts'
import type { ProofOutput, ProveJob, Reservation, ReservationAsk, Runtime, Verdict, Verifier } from './ports/Runtime.ts'
import type { Signer } from './ports/Signer.ts'
import type { Lease, TaskStore } from './ports/TaskStore.ts'
import type { Telemetry } from './ports/Telemetry.ts'
import { spanOf } from './spanOf.ts'
import { type Unverified, UnverifiedProofs } from './UnverifiedProofs.ts'

export interface ProvePorts {
  readonly messages: MessageLog
  readonly tasks: TaskStore
  readonly blobs: BlobStore
  readonly projects: ProjectResolver
  readonly runtimes: ReadonlyMap<VmType, Runtime>
  readonly verifier: Verifier
  /** The prover's own key. */
  readonly signer: Signer
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly domain: Domain
  /** Where settlers take their hints. */
  readonly settleQueue: Queue
  /** Inflates a version's program. @throws {ProgramError} */
  readonly inflate: (version: ProjectVersion) => Promise<{ readonly bytes: Uint8Array; readonly hash: Hash }>
  /** The settlement router and its chain. */
  readonly settlement: { readonly chainId: bigint; readonly router: Address }
}

export interface ProveLimits {
  /** The operator's bounds: a project file may ask for less, never for more. */
  readonly timeoutMs: number
  readonly memoryBytes: number
  readonly leaseMs: number
  /** Tries before a task fails for a passing reason. */
  readonly maxTries: number
  /** Names this worker in leases and logs. */
  readonly worker: string
  /** How often the state log tells how far a proof is. */
  readonly notes?: ProgressNotesOptions
}

/**
 * What became of one hint.
 * - `done`: acknowledge it; `proved` or nothing was left to do.
 * - `retry`: give it back for so long; `isFull` where nothing was tried, since the machine has no place for it.
 * - `failed`: the task failed; bury the hint with the reason.
 */
export type ProveOutcome =
  | { readonly type: 'done' }
  | { readonly type: 'retry'; readonly afterMs: number; readonly isFull?: true }
  | { readonly type: 'failed'; readonly reason: string }

const AWAY_MS = 5_000
/** Where the machine is too full for a task: other provers may have a place meanwhile. */
const FULL_MS = 5_000
const LOST_MS = 1_000
/** Begins the line of the state log that says that a runtime was lost, by which the next prover knows of it. */
const ONCE_MORE = 'to be proved once more: '

/**
 * Proves one assigned task: waits for a place on the machine, leases the task, runs the project's program in its runtime, has the proof checked by the registered verifier, signs the result and stores
 * all of it under the lease's token. Then tells the settler.
 *
 * Safe to repeat and to race: one lease holds, and a late worker's writes are refused.
 */
export async function proveTask(
  ports: ProvePorts,
  limits: ProveLimits,
  id: TaskId,
  signal: AbortSignal,
): Promise<ProveOutcome> {
  const found = await assigned(ports, id)
  if (found === null) return { type: 'done' }
  const { vmType, task } = found
  let reservation: Reservation | null = null
  const runtime = ports.runtimes.get(vmType)
  if (runtime?.reserve !== undefined) {
    // What somebody proves already needs no place.
    if (await isHeld(ports.tasks, id, ports.clock.now())) return { type: 'retry', afterMs: limits.leaseMs / 2 }
    const { timeoutMs, memoryBytes } = limits
    reservation = await reserve(runtime, { taskId: id, task, limits: { timeoutMs, memoryBytes } }, signal)
    if (reservation === null)
      return signal.aborted ? { type: 'retry', afterMs: 0 } : { type: 'retry', afterMs: FULL_MS, isFull: true }
  }
  try {
    // It may have gone elsewhere while it waited here.
    const record = reservation === null ? found : await assigned(ports, id)
    if (record === null) return { type: 'done' }
    const lease = await ports.tasks.lease(id, limits.worker, ports.clock.now(), limits.leaseMs)
    if (lease === null) return { type: 'retry', afterMs: limits.leaseMs / 2 }
    const prover = reservation ?? runtime
    return await ports.telemetry.span('prove', spanOf(record), () =>
      proveLeased(ports, limits, { record, lease, prover }, signal),
    )
  } finally {
    reservation?.release()
  }
}

/** @returns the task, where it is this prover's to prove */
async function assigned(ports: ProvePorts, id: TaskId): Promise<TaskRecord | null> {
  const record = await ports.tasks.get(id)
  const isOurs = record?.state === 'assigned' && record.assignment?.value.prover === ports.signer.address
  return isOurs ? record : null
}

async function reserve(runtime: Runtime, ask: ReservationAsk, signal: AbortSignal): Promise<Reservation | null> {
  try {
    return (await runtime.reserve?.(ask, signal)) ?? null
  } catch (error) {
    if (signal.aborted) return null
    throw error
  }
}

/** A task under a lease, and what proves it. */
interface Leased {
  readonly record: TaskRecord
  readonly lease: Lease
  /** Undefined: there is no such runtime here. */
  readonly prover: Pick<Runtime, 'prove'> | undefined
}

async function proveLeased(
  ports: ProvePorts,
  limits: ProveLimits,
  leased: Leased,
  signal: AbortSignal,
): Promise<ProveOutcome> {
  const { record, lease } = leased
  const { id } = record
  const heart = beat(ports, limits, id, lease, signal)
  try {
    await run(ports, limits, leased, heart.signal)
    await ports.settleQueue.send(id)
    return { type: 'done' }
  } catch (error) {
    if (error instanceof StaleLeaseError) return { type: 'done' }
    if (signal.aborted) {
      await ports.tasks.release(id, lease.token)
      return { type: 'retry', afterMs: 0 }
    }
    return await giveUp(ports, limits, record, lease, error)
  } finally {
    heart.stop()
  }
}

async function run(ports: ProvePorts, limits: ProveLimits, { record, lease, prover }: Leased, signal: AbortSignal) {
  const { task, id } = record
  const version = await ports.projects.pinnedVersion(task.projectId, task.configHash, task.version)
  const settles = version.outputs.some((out) => out.type === 'settlement')
  if (prover === undefined)
    throw new UnsupportedRuntimeError({ runtime: version.vmType, reason: 'no such runtime is set up here' })
  const [program, provingKey, members] = await Promise.all([
    ports.inflate(version),
    ports.projects.provingKey(version),
    ports.tasks.members(id),
  ])
  const messages = await ports.messages.getMany(members)
  if (messages.length !== members.length)
    throw new W3bError(
      'MESSAGES_EXPIRED',
      `${members.length - messages.length} messages of task ${id} are no longer kept.`,
    )
  const binding = bindingOf(id, ports.signer.address)
  const { output, provingMs } = await proveOnce(
    ports,
    { vmType: version.vmType, prover, lease, notes: limits.notes ?? {} },
    {
      taskId: id,
      task,
      binding,
      payloads: messages.map((message) => message.payload),
      salt: record.salt,
      program,
      codeExpParam: version.codeExpParam,
      provingKey,
      limits: {
        timeoutMs: Math.min(version.limits.timeoutMs ?? limits.timeoutMs, limits.timeoutMs),
        memoryBytes: Math.min(version.limits.memoryBytes ?? limits.memoryBytes, limits.memoryBytes),
      },
      onChain: settles,
      clientId: messages[0]?.device ?? '',
      sequencerSignature: record.assignment?.signature ?? '0x',
    },
    signal,
  )
  const verdict = await ports.verifier.verify({
    task,
    taskId: id,
    binding,
    proof: output.proof,
    outputs: output.outputs,
    named: version.verifier?.address ?? null,
    settles,
  })
  forget(ports, id)
  if (settles && verdict !== 'verified')
    throw new ProofRejectedError({
      task: id,
      reason: 'the project version has no registered verifier, and its output is the settlement router',
    })
  const result = settles ? await signResult(ports, id, output) : null
  const [blob, raw] = await Promise.all([
    ports.blobs.put(output.proof),
    ports.blobs.put(new TextEncoder().encode(output.raw)),
  ])
  const proof: ProofRecord = {
    blob,
    bytes: output.proof.length,
    outputs: output.outputs,
    raw,
    bound: verdict === 'verified',
    provingMs,
  }
  await ports.tasks.advance(
    id,
    { to: 'proved', token: lease.token, proof, result, show: raw },
    {
      at: ports.clock.now(),
      actor: ports.signer.address,
      reason: checkedBy(verdict, output),
    },
  )
  ports.telemetry.count('w3b_tasks_total', { state: 'proved' })
}

const UNVERIFIED: Readonly<Record<Exclude<Verdict, 'verified'>, string>> = {
  unregistered: 'no verifier is registered',
  offChain: 'the registered verifier takes no receipt of this form',
}

function checkedBy(verdict: Verdict, output: ProofOutput): string {
  if (verdict === 'verified') return 'checked by the registered verifier'
  return `${UNVERIFIED[verdict]}: ${output.checkedBy === null ? 'not checked' : `checked by ${output.checkedBy}`}`
}

const unverified = new WeakMap<ProvePorts['tasks'], UnverifiedProofs>()

async function proveOnce(
  ports: ProvePorts,
  by: {
    readonly vmType: VmType
    readonly prover: Pick<Runtime, 'prove'>
    readonly lease: Lease
    readonly notes: ProgressNotesOptions
  },
  job: ProveJob,
  signal: AbortSignal,
): Promise<Unverified> {
  const kept = unverified.get(ports.tasks) ?? new UnverifiedProofs()
  unverified.set(ports.tasks, kept)
  const known = kept.get(job.taskId)
  if (known?.binding === job.binding) return known
  const notes = new ProgressNotes((line) => note(ports, job.taskId, by.lease, line), by.notes)
  const started = performance.now()
  const output = await by.prover.prove(job, signal, (progress) => notes.told(progress)).finally(() => notes.end())
  const provingMs = Math.round(performance.now() - started)
  ports.telemetry.observe('w3b_proving_seconds', provingMs / 1000, { runtime: by.vmType })
  const made = { output, provingMs, binding: job.binding }
  kept.keep(job.taskId, made)
  return made
}

/** Notes something in the task's state log, if that can be done: a proof is not worth less without it. */
async function note(ports: ProvePorts, task: TaskId, lease: Lease, reason: string): Promise<void> {
  try {
    await ports.tasks.note(task, lease.token, { at: ports.clock.now(), actor: ports.signer.address, reason })
  } catch (error) {
    ports.telemetry.log('debug', 'a note was not written', { task, reason: String(error) })
  }
}

/** What was verified or refused is not kept. */
function forget(ports: ProvePorts, task: TaskId): void {
  unverified.get(ports.tasks)?.delete(task)
}

async function signResult(ports: ProvePorts, task: TaskId, output: ProofOutput): Promise<Signed<Result>> {
  const value: Result = {
    task,
    prover: ports.signer.address,
    proofHash: keccak256(output.proof),
    outputsHash: keccak256(fromHex(output.outputs)),
    chainId: ports.settlement.chainId,
    router: ports.settlement.router,
  }
  return { value, signature: await ports.signer.sign(resultDigest(ports.domain, value)) }
}

async function giveUp(
  ports: ProvePorts,
  limits: ProveLimits,
  record: TaskRecord,
  lease: Lease,
  error: unknown,
): Promise<ProveOutcome> {
  const reason = error instanceof W3bError ? error.message : `unexpected: ${String(error)}`
  ports.telemetry.log(error instanceof W3bError ? 'warn' : 'error', 'proving failed', { task: record.id, reason })
  // A chain or a store that is away is not the task's doing, however long it stays so: only the assignment's deadline ends the waiting.
  if (!(error instanceof ChainUnavailableError || error instanceof StoreUnavailableError)) forget(ports, record.id)
  else {
    await ports.tasks.release(record.id, lease.token)
    return { type: 'retry', afterMs: AWAY_MS }
  }
  if (error instanceof RuntimeLostError) {
    await ports.tasks.countTry(record.id, reason)
    if (!(await wasLost(ports, record.id))) {
      const log = { at: ports.clock.now(), actor: ports.signer.address, reason: `${ONCE_MORE}${reason}` }
      await ports.tasks.note(record.id, lease.token, log)
      await ports.tasks.release(record.id, lease.token)
      return { type: 'retry', afterMs: LOST_MS }
    }
  } else if (error instanceof W3bError && error.retryable) {
    const tries = await ports.tasks.countTry(record.id, reason)
    if (tries < limits.maxTries) {
      await ports.tasks.release(record.id, lease.token)
      return { type: 'retry', afterMs: Math.min(30_000, 250 * 2 ** tries) }
    }
  }
  await ports.tasks.advance(
    record.id,
    { to: 'failed', token: lease.token },
    { at: ports.clock.now(), actor: ports.signer.address, reason },
  )
  ports.telemetry.count('w3b_tasks_total', { state: 'failed' })
  return { type: 'failed', reason }
}

/** Whether a runtime was lost over the task since it was packed, or packed anew by a replay. */
async function wasLost(ports: ProvePorts, task: TaskId): Promise<boolean> {
  const states = await ports.tasks.states(task)
  const packed = states.findLastIndex(({ state }) => state === 'packed')
  return states.slice(packed).some(({ reason }) => reason.startsWith(ONCE_MORE))
}

/** Renews the lease while the work goes on; aborts the work when the lease is lost, or nearly over without a renewal. */
function beat(ports: ProvePorts, limits: ProveLimits, id: TaskId, lease: Lease, outer: AbortSignal) {
  const { clock, tasks } = ports
  const stopped = new AbortController()
  const lost = new AbortController()
  let problem: unknown
  const endAt = (until: number) =>
    setTimeout(
      () => {
        const reason = `the lease of task ${id} could not be renewed`
        lost.abort(new StoreUnavailableError({ reason, cause: problem }))
      },
      until - clock.now() - limits.leaseMs / 10,
    )
  let end = endAt(lease.until)
  const over = AbortSignal.any([stopped.signal, lost.signal])
  const renew = async (): Promise<void> => {
    let pauseMs = limits.leaseMs / 3
    for (;;) {
      await pause(pauseMs, over)
      if (over.aborted) return
      try {
        const { until } = await tasks.renew(id, lease.token, clock.now(), limits.leaseMs)
        clearTimeout(end)
        if (over.aborted) return
        end = endAt(until)
        pauseMs = limits.leaseMs / 3
      } catch (error) {
        if (error instanceof StaleLeaseError) return lost.abort(error)
        // Passing, as long as the lease lasts.
        problem = error
        pauseMs = limits.leaseMs / 15
      }
    }
  }
  void renew()
  return {
    signal: AbortSignal.any([outer, lost.signal]),
    stop: () => {
      clearTimeout(end)
      stopped.abort()
    },
  }
}
