import { W3bError } from '@w3bstream/protocol'
import { type PackLogPorts, packLog } from './packLog.ts'
import type { LogId, WaitingLog } from './ports/MessageLog.ts'

export interface SequenceLimits {
  /** How long a prover has from its assignment. */
  readonly proveTimeoutMs: number
  /** Logs packed at once. */
  readonly parallel: number
}

/** Messages of one log that are counted: more make it no more due. */
const COUNTED = 100_000

/**
 * Packs and assigns all that is due, the log whose messages have waited longest first. Each log stands alone: what one meets is logged and leaves the
 * others be. Safe to call at any time and from anywhere, and to break off.
 * @param only these logs; null: all
 * @param signal ends it between two tasks
 * @returns how many tasks were made, and which logs failed
 */
export async function sequence(
  ports: PackLogPorts,
  limits: SequenceLimits,
  only: readonly LogId[] | null,
  signal: AbortSignal,
): Promise<{ readonly made: number; readonly failed: readonly LogId[] }> {
  const asked = only === null ? null : new Set(only.map(keyOf))
  const waiting = (await ports.messages.waiting(COUNTED, only ?? undefined))
    .filter(({ log }) => asked === null || asked.has(keyOf(log)))
    .toSorted((a, b) => a.oldestAt - b.oldestAt)
  const left = waiting.values()
  let made = 0
  const failed: LogId[] = []
  const lane = async (): Promise<void> => {
    for (const one of left) {
      if (signal.aborted) return
      const tasks = await packAlone(ports, one, limits.proveTimeoutMs, signal)
      if (tasks === null) failed.push(one.log)
      else made += tasks
    }
  }
  await Promise.all(Array.from({ length: limits.parallel }, lane))
  return { made, failed }
}

/** @returns null where it failed */
async function packAlone(
  ports: PackLogPorts,
  waiting: WaitingLog,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<number | null> {
  try {
    return await packLog(ports, waiting, timeoutMs, signal)
  } catch (error) {
    const { projectId, version } = waiting.log
    const reason = error instanceof W3bError ? error.message : String(error)
    const level = error instanceof W3bError ? 'warn' : 'error'
    ports.telemetry.log(level, 'packing failed', { project: String(projectId), version, reason })
    return null
  }
}

const keyOf = ({ projectId, version }: LogId): string => `${projectId} ${version}`
