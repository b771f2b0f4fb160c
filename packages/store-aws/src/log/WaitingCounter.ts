import type { LogId, LogPosition, WaitingLog } from '@w3bstream/core/ports'
import { placeOf, positionAt } from './position.ts'
import type { Segments } from './Segments.ts'

/** What was counted: all after a cursor, up to and with a segment. */
interface Counted {
  readonly cursor: LogPosition
  readonly upTo: number
  readonly count: number
  readonly bytes: number
  readonly oldestAt: number
}

/** Counts a log's messages after its cursor, again and again: segments that were counted are not read again while the cursor stands. */
export class WaitingCounter {
  readonly #segments: Segments
  readonly #log: LogId
  /** Replaced as a whole, since counts may run beside each other. */
  #counted: Counted | null = null

  constructor(modules: { readonly segments: Segments }, log: LogId) {
    this.#segments = modules.segments
    this.#log = log
  }

  /** As far as `enough` or the log's last segment. */
  async count(cursor: LogPosition, enough: (count: number, bytes: number) => boolean): Promise<WaitingLog> {
    const log = this.#log
    const known = this.#counted?.cursor === cursor ? this.#counted : startAt(cursor)
    let { count, bytes, oldestAt } = known
    if (count > 0 && enough(count, bytes)) return { log, count, bytes, oldestAt }
    for await (const segment of this.#segments.from(log, known.upTo + 1)) {
      for (const [index, entry] of segment.entries.entries()) {
        if (positionAt(segment.number, index) <= cursor) continue
        count++
        bytes += entry.size
        oldestAt = Math.min(oldestAt, entry.receivedAt)
        if (enough(count, bytes)) return { log, count, bytes, oldestAt }
      }
      this.#counted = { cursor, upTo: segment.number, count, bytes, oldestAt }
    }
    return { log, count, bytes, oldestAt }
  }
}

const startAt = (cursor: LogPosition): Counted => ({
  cursor,
  upTo: Math.max(0, placeOf(cursor).segment - 1),
  count: 0,
  bytes: 0,
  oldestAt: Number.POSITIVE_INFINITY,
})
