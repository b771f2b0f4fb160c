import type { LogId, LogPosition } from '@w3bstream/core/ports'
import type { MessageId } from '@w3bstream/protocol'
import { positionAt } from './position.ts'
import { indexIn, type Segments } from './Segments.ts'

/**
 * Finds a message in a log by the time of its receipt: no segment carries a time before the receipts of its messages, and times grow with numbers, so
 * the first segment that may have it is found by halving, from the newest on, since those are asked for most.
 * @param message.tail number of the log's last segment
 * @returns null where the log has not ordered it
 */
export async function locate(
  segments: Segments,
  message: { readonly log: LogId; readonly id: MessageId; readonly receivedAt: number; readonly tail: number },
): Promise<LogPosition | null> {
  const { log, id, receivedAt, tail } = message
  for await (const segment of segments.from(log, await firstSince(segments, log, receivedAt, tail))) {
    const index = indexIn(segment, id)
    if (index !== -1) return positionAt(segment.number, index)
  }
  return null
}

/** Number of the first segment that was written at a time or later; one past the last where there is none. */
async function firstSince(segments: Segments, log: LogId, at: number, tail: number): Promise<number> {
  const isSince = async (number: number) => ((await segments.get(log, number))?.at ?? 0) >= at
  // Invariant: all from `high` on are since; `low` is not.
  let high = tail + 1
  let low = tail
  for (let step = 1; low > 0 && (await isSince(low)); step *= 2) {
    high = low
    low = Math.max(0, low - step)
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (await isSince(middle)) high = middle
    else low = middle
  }
  return high
}
