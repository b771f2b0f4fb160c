import {
  IllegalTransitionError,
  type TaskId,
  TaskNotFoundError,
  type TaskRecord,
  type TaskState,
  W3bError,
} from '@w3bstream/protocol'
import { type AssignPorts, assignTask, sendProveHint } from './assignTask.ts'
import { isHeld } from './isHeld.ts'
import type { BlobStore } from './ports/BlobStore.ts'
import type { Clock } from './ports/Clock.ts'
import type { SettlementWatcher, Watched } from './ports/Destination.ts'
import type { Queue } from './ports/Queue.ts'
import type { TaskStore } from './ports/TaskStore.ts'
import type { Telemetry } from './ports/Telemetry.ts'
import { spanOf } from './spanOf.ts'

export interface FollowPorts {
  readonly tasks: TaskStore
  readonly settleQueue: Queue
  readonly watcher: SettlementWatcher
  readonly clock: Clock
  readonly telemetry: Telemetry
}

export interface ReconcilePorts extends AssignPorts, FollowPorts {}

export interface ReconcileLimits {
  /** How long a step may rest before its hint is sent again. */
  readonly graceMs: number
  /** How long a prover has from its assignment. */
  readonly proveTimeoutMs: number
  /** How long past its deadline an attempt is left to a prover that is at work on it: as long as one proof may take. */
  readonly overtimeMs: number
  /** Assignments before a task fails. */
  readonly maxAttempts: number
  /** Tasks looked at a state; the next sweep in this process goes on after them. */
  readonly batch: number
  /**
   * For queues that keep equal hints apart, so that what waits for long does not pile up there: a hint is repeated when its task has rested for
   * `graceMs`, each time that the rest has doubled, and every `mostMs` at the latest, given a sweep every `sweepMs`. Absent: by each sweep.
   */
  readonly repeat?: { readonly sweepMs: number; readonly mostMs: number }
}

/**
 * Looks at what was stored and not acknowledged, and moves it on: unassigned tasks, missed deadlines, lost hints, submitted and settled transactions.
 * Part of the scheduled sequencer: with it, no hint has to arrive.
 */
export async function reconcile(ports: ReconcilePorts, limits: ReconcileLimits): Promise<void> {
  const now = ports.clock.now()
  const resting = now - limits.graceMs
  const packed = await lookOn(ports, 'packed', resting, limits.batch)
  for (const record of packed.tasks)
    await attempt(ports, record, () => assignTask(ports, record, limits.proveTimeoutMs))
  const assigned = await lookOn(ports, 'assigned', resting, limits.batch)
  for (const record of assigned.tasks)
    await attempt(ports, record, () => reassign(ports, limits, record, now, assigned.roundMs))
  const proved = await lookOn(ports, 'proved', resting, limits.batch)
  for (const record of proved.tasks)
    if (isRepeatDue(limits, now - record.updatedAt, proved.roundMs))
      await attempt(ports, record, () => ports.settleQueue.send(record.id))
  await followSettlements(ports, limits.batch)
}

/** How far sweeps came in one state: a round goes from the oldest task to the newest, so that those that cannot move hold up no other. */
interface Round {
  readonly after: string | null
  readonly startedAt: number
  /** When the round before it started; null for the first. */
  readonly lastAt: number | null
}

const rounds = new WeakMap<TaskStore, Map<TaskState, Round>>()

/** @returns the next tasks of a round, and how long ago the round before it came by */
async function lookOn(
  { tasks, clock }: Pick<FollowPorts, 'tasks' | 'clock'>,
  state: TaskState,
  until: number,
  limit: number,
): Promise<{ readonly tasks: readonly TaskRecord[]; readonly roundMs: number }> {
  const kept = rounds.get(tasks) ?? new Map<TaskState, Round>()
  rounds.set(tasks, kept)
  const last = kept.get(state) ?? null
  const after = last?.after ?? null
  const round =
    last !== null && after !== null ? last : { startedAt: clock.now(), lastAt: last === null ? null : last.startedAt }
  const page = await tasks.stale(state, until, limit, after)
  kept.set(state, { ...round, after: page.next })
  if (round.lastAt !== null) return { tasks: page.tasks, roundMs: round.startedAt - round.lastAt }
  // A process that has just begun knows nothing of what others did; the oldest are where each begins.
  return { tasks: page.tasks, roundMs: after === null ? 0 : Number.POSITIVE_INFINITY }
}

/** Whether a hint is to be sent again in this sweep: one of its times came since the last one that came by. */
function isRepeatDue({ graceMs, repeat }: ReconcileLimits, restedMs: number, roundMs: number): boolean {
  if (repeat === undefined) return true
  const timesUntil = (ms: number): number =>
    ms < graceMs ? 0 : 1 + Math.floor(Math.log2(Math.min(ms, repeat.mostMs) / graceMs)) + Math.floor(ms / repeat.mostMs)
  return timesUntil(restedMs) > timesUntil(restedMs - Math.max(repeat.sweepMs, roundMs))
}

/** Follows submitted and settled transactions: receipts, reorgs, finality. */
export async function followSettlements(ports: FollowPorts, batch: number): Promise<void> {
  const now = ports.clock.now()
  const open = [
    ...(await lookOn(ports, 'submitted', now, batch)).tasks,
    ...(await lookOn(ports, 'settled', now, batch)).tasks,
  ]
  // With no tasks the watcher still looks after nonces that were given up.
  const [elsewhere, onChain] = [open.filter(hasNoTransaction), open.filter((record) => !hasNoTransaction(record))]
  // Killed between its last two steps: nothing on a chain could take it back.
  for (const record of elsewhere) await note(ports, record, { type: 'finalized', task: record.id })
  const byId = new Map(onChain.map((record) => [record.id, record]))
  for (const seen of await ports.watcher.watch(onChain)) {
    const record = byId.get(seen.task) ?? (await ports.tasks.get(seen.task))
    if (record === null) throw new TaskNotFoundError({ task: seen.task })
    await note(ports, record, seen)
  }
}

const hasNoTransaction = (record: TaskRecord): boolean => record.state === 'settled' && record.settlement === null

function note(ports: FollowPorts, record: TaskRecord, seen: Watched): Promise<void> {
  const name = seen.type === 'finalized' ? 'finalize' : 'follow'
  return ports.telemetry.span(name, spanOf(record), () => move(ports, seen))
}

async function move(ports: FollowPorts, seen: Watched): Promise<void> {
  const log = (reason: string) => ({ at: ports.clock.now(), actor: 'settler', reason })
  try {
    switch (seen.type) {
      case 'settled':
        await ports.tasks.advance(
          seen.task,
          { to: 'settled', settlement: seen.settlement, show: seen.settlement.transactionHash },
          log(`block ${seen.settlement.blockNumber}`),
        )
        ports.telemetry.count('w3b_tasks_total', { state: 'settled' })
        return
      case 'finalized':
        await ports.tasks.advance(seen.task, { to: 'finalized' }, log('past the finality depth'))
        return
      case 'reorged':
        await ports.tasks.advance(
          seen.task,
          { to: 'submitted' },
          log(`block ${seen.lost} is gone; the same bytes were sent again`),
        )
        ports.telemetry.count('w3b_reorgs_total')
        return
      case 'lost':
        await ports.tasks.advance(
          seen.task,
          { to: 'proved', replay: true },
          log('its nonce was used by another transaction: to be sent anew'),
        )
        await ports.settleQueue.send(seen.task)
        return
      case 'reverted':
        await ports.tasks.advance(seen.task, { to: 'failed' }, log(`${seen.transaction} reverted: ${seen.reason}`))
        ports.telemetry.count('w3b_settlements_failed_total')
        ports.telemetry.count('w3b_tasks_total', { state: 'failed' })
        return
    }
  } catch (error) {
    // Another settler noted it first.
    if (!(error instanceof IllegalTransitionError)) throw error
  }
}

async function reassign(
  ports: ReconcilePorts,
  limits: ReconcileLimits,
  record: TaskRecord,
  now: number,
  roundMs: number,
): Promise<unknown> {
  const assignment = record.assignment?.value
  if (assignment === undefined || BigInt(now) <= assignment.deadline * 1000n) {
    if (!isRepeatDue(limits, now - record.updatedAt, roundMs) || (await isHeld(ports.tasks, record.id, now)))
      return undefined
    return sendProveHint(ports, record)
  }
  // It had to wait for others of its queue. A new attempt would throw its work away, which settles as well after the deadline.
  const isOvertime = BigInt(now - limits.overtimeMs) <= assignment.deadline * 1000n
  if (isOvertime && (await isHeld(ports.tasks, record.id, now))) return undefined
  if (assignment.attempt >= BigInt(limits.maxAttempts)) {
    const reason = `no result by the deadline of attempt ${assignment.attempt}`
    return ports.tasks.advance(record.id, { to: 'failed' }, { at: now, actor: 'sequencer', reason })
  }
  return assignTask(ports, record, limits.proveTimeoutMs)
}

/** One task's trouble is its own: the sweep goes on. */
async function attempt(ports: ReconcilePorts, record: TaskRecord, step: () => Promise<unknown>): Promise<void> {
  try {
    await step()
  } catch (error) {
    if (error instanceof IllegalTransitionError) return
    const reason = error instanceof W3bError ? error.message : String(error)
    ports.telemetry.log(error instanceof W3bError ? 'warn' : 'error', 'reconciling failed', {
      trace: record.trace,
      task: record.id,
      reason,
    })
  }
}

/** Puts a failed task back on the road: to be proved again, or, with a checked proof that is still there, only to be sent again. */
export async function replayTask(
  ports: Pick<ReconcilePorts, 'tasks' | 'clock'> & { readonly blobs: BlobStore },
  id: TaskId,
  actor: string,
  record: TaskRecord,
): Promise<TaskRecord> {
  const kept = record.proof !== null && (await ports.blobs.get(record.proof.blob)) !== null
  const to = kept ? 'proved' : 'packed'
  return ports.tasks.advance(id, { to, replay: true }, { at: ports.clock.now(), actor, reason: 'replayed' })
}
