import {
  type Hash,
  IllegalTransitionError,
  type Output,
  StoreUnavailableError,
  type TaskId,
  type TaskRecord,
  type VmType,
  W3bError,
} from '@w3bstream/protocol'
import type { ProjectResolver } from './ProjectResolver.ts'
import type { BlobStore } from './ports/BlobStore.ts'
import type { Clock } from './ports/Clock.ts'
import type { Delivered, Destination, Outgoing } from './ports/Destination.ts'
import type { MessageLog } from './ports/MessageLog.ts'
import type { TaskStore } from './ports/TaskStore.ts'
import type { Telemetry } from './ports/Telemetry.ts'
import { spanOf } from './spanOf.ts'

export interface SettlePorts {
  readonly messages: MessageLog
  readonly tasks: TaskStore
  readonly blobs: BlobStore
  readonly projects: ProjectResolver
  readonly destination: Destination
  readonly clock: Clock
  readonly telemetry: Telemetry
}

export interface SettleLimits {
  /** Tries before a task fails for a passing reason. */
  readonly maxTries: number
}

/** What became of one hint; see `ProveOutcome`. */
export type SettleOutcome =
  | { readonly type: 'done' }
  | { readonly type: 'retry'; readonly afterMs: number }
  | { readonly type: 'failed'; readonly reason: string }

/** Runtimes that compute without proving: their result may be printed, never settled. */
const PROOFLESS: readonly VmType[] = ['wasm']

const STORE_AWAY_MS = 5_000

/**
 * Takes proved tasks to their destinations. Tasks for one chain may share a transaction.
 *
 * Safe to repeat after a crash at any point: a task with a live nonce has the same signed bytes sent again.
 * @returns one outcome a task
 */
export async function settleTasks(
  ports: SettlePorts,
  limits: SettleLimits,
  ids: readonly TaskId[],
): Promise<Map<TaskId, SettleOutcome>> {
  const outcomes = new Map<TaskId, SettleOutcome>()
  const loaded = new Map<TaskId, Loaded>()
  for (const id of new Set(ids)) {
    const record = await ports.tasks.get(id)
    if (record === null || (record.state !== 'proved' && record.state !== 'submitted')) {
      outcomes.set(id, { type: 'done' })
      continue
    }
    try {
      const item = await load(ports, record)
      if (item === null) outcomes.set(id, await finish(ports, record, null, 'no output is configured'))
      else loaded.set(id, item)
    } catch (error) {
      outcomes.set(id, await orNoted(() => giveUp(ports, limits, record, error)))
    }
  }
  const [first, ...others] = loaded.values().map(({ outgoing }) => outgoing.record)
  if (first === undefined) return outcomes
  const links = others.map(({ trace }) => trace)
  return ports.telemetry.span('settle', { ...spanOf(first), links }, () => deliver(ports, limits, loaded, outcomes))
}

async function deliver(
  ports: SettlePorts,
  limits: SettleLimits,
  loaded: ReadonlyMap<TaskId, Loaded>,
  outcomes: Map<TaskId, SettleOutcome>,
): Promise<Map<TaskId, SettleOutcome>> {
  const delivered = await ports.destination.deliver([...loaded.values()].map(({ outgoing }) => outgoing))
  for (const [id, { outgoing, printed }] of loaded) {
    const result = delivered.get(id) ?? new Error('the destination gave no answer')
    if (result instanceof Error) outcomes.set(id, await orNoted(() => giveUp(ports, limits, outgoing.record, result)))
    else {
      // Once it is on its way: not each time that it has to wait.
      const left = result.type === 'submitted' || result.type === 'consumed'
      if (printed !== null && left && outgoing.record.state === 'proved') await ports.destination.deliver([printed])
      outcomes.set(id, await orNoted(() => take(ports, outgoing.record, result)))
    }
  }
  return outcomes
}

/** Where another settler, or the watcher, noted it first, there is nothing left to do. */
async function orNoted(work: () => Promise<SettleOutcome>): Promise<SettleOutcome> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof IllegalTransitionError) return { type: 'done' }
    throw error
  }
}

/** A task on its way out, and what is printed beside that. */
interface Loaded {
  readonly outgoing: Outgoing
  readonly printed: Outgoing | null
}

/** The one output beside stdout decides what state the task is in. */
function orderOutputs(outputs: readonly Output[]): { readonly prints: boolean; readonly final: Output | null } {
  const others = outputs.filter((output) => output.type !== 'stdout')
  if (others.length > 1)
    throw new W3bError('TOO_MANY_OUTPUTS', 'A project version has one output beside stdout.', { status: 422 })
  const prints = outputs.some((output) => output.type === 'stdout')
  return { prints, final: others[0] ?? null }
}

async function load(ports: SettlePorts, record: TaskRecord): Promise<Loaded | null> {
  const { task, proof } = record
  if (proof === null) throw new W3bError('PROOF_MISSING', `Task ${record.id} has no proof.`)
  const version = await ports.projects.pinnedVersion(task.projectId, task.configHash, task.version)
  const bytes = await ports.blobs.get(proof.blob)
  if (bytes === null)
    throw new W3bError('PROOF_MISSING', `The proof of task ${record.id} is not in the blob store.`, {
      hint: 'Replay the task to prove it again.',
    })
  // Destinations bind fields of the first message alone.
  const messages = await ports.messages.getMany((await ports.tasks.members(record.id)).slice(0, 1))
  const clientId = messages[0]?.device
  const base = {
    record,
    version,
    proof: bytes,
    payloads: messages.map((message) => message.payload),
    ...(clientId == null ? {} : { clientId }),
  }
  const { prints, final } = orderOutputs(version.outputs)
  if (final !== null && PROOFLESS.includes(version.vmType))
    throw new W3bError(
      'NOTHING_PROVED',
      `A ${version.vmType} program proves nothing, so its result goes to stdout only.`,
      {
        status: 422,
      },
    )
  const printed: Outgoing | null = prints ? { ...base, output: { type: 'stdout' } } : null
  if (final !== null)
    return {
      outgoing: { ...base, ...(await readRaw(ports, version.vmType, final, proof.raw)), output: final },
      printed,
    }
  return printed === null ? null : { outgoing: printed, printed: null }
}

async function readRaw(
  ports: SettlePorts,
  vmType: VmType,
  output: Output,
  raw: Hash,
): Promise<{ readonly raw?: string }> {
  const bytes = vmType === 'risc0' && output.type === 'ethereumContract' ? await ports.blobs.get(raw) : null
  return bytes === null ? {} : { raw: new TextDecoder().decode(bytes) }
}

async function take(ports: SettlePorts, record: TaskRecord, delivered: Delivered): Promise<SettleOutcome> {
  switch (delivered.type) {
    case 'waiting':
      ports.telemetry.log('debug', 'settlement waits', { task: record.id, reason: delivered.reason })
      ports.telemetry.count('w3b_settlements_waiting_total')
      return { type: 'retry', afterMs: delivered.retryAfterMs }
    case 'submitted':
      if (record.state === 'proved')
        await ports.tasks.advance(record.id, { to: 'submitted' }, log(ports, 'signed and stored'))
      return { type: 'done' }
    case 'delivered':
      return finish(ports, record, delivered.show, 'delivered')
    case 'consumed': {
      if (record.state === 'proved')
        await ports.tasks.advance(record.id, { to: 'submitted' }, log(ports, 'the chain has it already'))
      await ports.tasks.advance(
        record.id,
        { to: 'settled', settlement: delivered.settlement, show: delivered.settlement.transactionHash },
        log(ports, `block ${delivered.settlement.blockNumber}`),
      )
      return { type: 'done' }
    }
  }
}

async function finish(
  ports: SettlePorts,
  record: TaskRecord,
  show: string | null,
  reason: string,
): Promise<SettleOutcome> {
  await ports.tasks.advance(record.id, { to: 'settled', settlement: null, show: show ?? '' }, log(ports, reason))
  await ports.tasks.advance(record.id, { to: 'finalized' }, log(ports, 'nothing can take it back'))
  ports.telemetry.count('w3b_tasks_total', { state: 'settled' })
  return { type: 'done' }
}

async function giveUp(
  ports: SettlePorts,
  limits: SettleLimits,
  record: TaskRecord,
  error: unknown,
): Promise<SettleOutcome> {
  const reason = error instanceof W3bError ? error.message : `unexpected: ${String(error)}`
  ports.telemetry.log(error instanceof W3bError ? 'warn' : 'error', 'settling failed', {
    trace: record.trace,
    task: record.id,
    reason,
  })
  // A store that is away is not the task's doing, however long it stays so.
  if (error instanceof StoreUnavailableError) return { type: 'retry', afterMs: STORE_AWAY_MS }
  if (!(error instanceof W3bError) || error.retryable) {
    const tries = await ports.tasks.countTry(record.id, reason)
    // A result whose bytes may be on their way never fails for a passing reason: only the chain can say.
    if (tries < limits.maxTries || record.state === 'submitted')
      return { type: 'retry', afterMs: Math.min(60_000, 500 * 2 ** Math.min(tries, 7)) }
  }
  await ports.tasks.advance(record.id, { to: 'failed' }, log(ports, reason))
  ports.telemetry.count('w3b_settlements_failed_total')
  ports.telemetry.count('w3b_tasks_total', { state: 'failed' })
  return { type: 'failed', reason }
}

function log(ports: SettlePorts, reason: string) {
  return { at: ports.clock.now(), actor: 'settler', reason }
}
