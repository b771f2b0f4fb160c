import { expireMessages, reconcile, sequence } from '@w3bstream/core'
import { W3bError } from '@w3bstream/protocol'
import type { Context, EventBridgeEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { assignmentMs } from '../shared/assignmentMs.ts'
import { once } from '../shared/once.ts'
import { parsePackHint } from '../shared/packHint.ts'
import type { Variables } from '../shared/readEnvironment.ts'
import { PowertoolsTelemetry } from '../shared/telemetry/PowertoolsTelemetry.ts'
import { type Deadline, untilDeadline } from '../shared/untilDeadline.ts'
import { type OpenSequencer, openSequencer } from './openSequencer.ts'
import { repairGaps } from './repairGaps.ts'

/** The schedule's interval. */
const EVERY_MINUTE_MS = 60_000
/** How often payloads that are past their time are looked for. */
const EXPIRE_EVERY_MS = 3_600_000
const EXPIRE_LIMITS = { count: 1_000, bytes: 8 * 2 ** 20, batches: 4 } as const
/** Logs packed at once: each may hold a task's payloads in memory. */
const PARALLEL = 4
/** Assignments before a task fails: a day's, at the usual ten minutes each, for provers may have to be waited for. */
const MAX_ATTEMPTS = 144
/** Tasks of one state looked at in a sweep. */
const BATCH = 1_000
/** A hint that was lost, or dropped after its tries, is sent again by every so many sweeps at the latest. */
const REPEAT_SWEEPS = 5
/** Kept for the answer. */
const RESERVE_MS = 4_000

export type SequenceEvent = EventBridgeEvent<string, unknown> | SQSEvent

/**
 * The function of the schedule and of the `pack` queue. Each step stands alone, may be broken off anywhere and be repeated, and may run beside itself:
 * what is not done when the time is over is the next minute's.
 * @param sweepMs the schedule's interval
 */
export function sequenceHandler(variables: Variables, sweepMs: number = EVERY_MINUTE_MS) {
  const open = once(() => openSequencer(variables))
  return async (
    event: SequenceEvent,
    context: Pick<Context, 'getRemainingTimeInMillis'>,
  ): Promise<SQSBatchResponse | undefined> => {
    using deadline = untilDeadline(context, RESERVE_MS)
    const sequencer = await open().catch(async (error: unknown) => {
      await tellStandstill(variables, error)
      throw error
    })
    try {
      if ('Records' in event) return await packSignalled(sequencer, event, deadline)
      await deadline.race(sweep(sequencer, sweepMs, deadline.signal))
      return undefined
    } finally {
      await sequencer.telemetry.flush()
    }
  }
}

/** A sequencer that cannot be opened follows no chain: the alarm on listeners that stand still hears of it. */
async function tellStandstill({ W3B_STAGE: stage }: Variables, error: unknown): Promise<void> {
  const telemetry = new PowertoolsTelemetry({ service: `${String(stage)}-sequencer`, level: 'error' })
  telemetry.log('error', 'the sequencer cannot be opened', { reason: String(error) })
  telemetry.gauge('w3b_listener_stalled', 1)
  await telemetry.flush()
}

/** Packs the logs that are full. One that could not be packed is signalled again. */
async function packSignalled(
  { ports, env }: OpenSequencer,
  { Records }: SQSEvent,
  deadline: Deadline,
): Promise<SQSBatchResponse> {
  const hints = Records.flatMap(({ body, messageId }) => {
    try {
      return [{ messageId, log: parsePackHint(body) }]
    } catch (error) {
      // It will not get better: the schedule looks at every log.
      ports.telemetry.log('error', 'a hint names no log', { reason: String(error) })
      return []
    }
  })
  const limits = { proveTimeoutMs: assignmentMs(env.config.limits), parallel: PARALLEL }
  const logs = hints.map(({ log }) => log)
  const { failed } = (await deadline.race(sequence(ports, limits, logs, deadline.signal))) ?? { failed: logs }
  const isFailed = (log: (typeof logs)[number]) =>
    failed.some(({ projectId, version }) => projectId === log.projectId && version === log.version)
  const again = hints.filter(({ log }) => isFailed(log))
  return { batchItemFailures: again.map(({ messageId }) => ({ itemIdentifier: messageId })) }
}

/** All that the reconciler does, each part whatever the others meet. */
async function sweep(sequencer: OpenSequencer, sweepMs: number, signal: AbortSignal): Promise<void> {
  const { env, ports, senders, follower } = sequencer
  const proveTimeoutMs = assignmentMs(env.config.limits)
  const step = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    if (signal.aborted) return
    try {
      await work()
    } catch (error) {
      const level = error instanceof W3bError && error.retryable ? 'warn' : 'error'
      ports.telemetry.log(level, `${what} failed`, { reason: String(error) })
    }
  }
  // At once, so that a chain or a content network that is slow holds nothing else up.
  await Promise.all([
    step('following the registry', () => follower.follow(signal)),
    ...senders.map((sender) => step('looking at funds', () => sender.checkFunds())),
    step('repairing gaps', () => repairGaps(sequencer, signal)),
    step('packing', () => sequence(ports, { proveTimeoutMs, parallel: PARALLEL }, null, signal)),
    step('reconciling', () =>
      reconcile(ports, {
        graceMs: sweepMs / 2,
        proveTimeoutMs,
        overtimeMs: env.config.limits.proveTimeoutMs,
        maxAttempts: MAX_ATTEMPTS,
        batch: BATCH,
        repeat: { sweepMs, mostMs: REPEAT_SWEEPS * sweepMs },
      }),
    ),
    step('retention', async () => {
      if (ports.clock.now() % EXPIRE_EVERY_MS >= sweepMs) return
      while (!signal.aborted && (await expireMessages(ports, EXPIRE_LIMITS, signal)) > 0);
    }),
  ])
}
