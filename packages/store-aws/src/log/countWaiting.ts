import type { LogPosition, WaitingLog } from '@w3bstream/core/ports'
import type { Head } from './Heads.ts'
import { placeOf, positionAt } from './position.ts'
import type { Segments } from './Segments.ts'

/** Counts a log's messages after its cursor, as far as `enough` or the log's last segment. */
export async function countWaiting(
  segments: Segments,
  { log, cursor }: Pick<Head, 'log' | 'cursor'>,
  enough: (count: number, bytes: number) => boolean,
): Promise<WaitingLog> {
  let count = 0
  let bytes = 0
  let oldestAt = Number.POSITIVE_INFINITY
  for await (const segment of segments.from(log, placeOf(cursor).segment)) {
    for (const [index, entry] of segment.entries.entries()) {
      if (isBefore(segment.number, index, cursor)) continue
      count++
      bytes += entry.size
      oldestAt = Math.min(oldestAt, entry.receivedAt)
      if (enough(count, bytes)) return { log, count, bytes, oldestAt }
    }
  }
  return { log, count, bytes, oldestAt }
}

const isBefore = (segment: number, index: number, cursor: LogPosition): boolean => positionAt(segment, index) <= cursor
