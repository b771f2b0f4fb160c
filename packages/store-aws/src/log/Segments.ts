import type { LogId } from '@w3bstream/core/ports'
import type { MessageId } from '@w3bstream/protocol'
import type { StateTable } from '../state/StateTable.ts'
import { logName } from './logName.ts'
import { parseSegment, type Segment, segmentItem, segmentKey } from './segmentItem.ts'

/** Segments kept in memory: they never change. */
const KEPT = 64
const FIRST_PAGE = 2
const LAST_PAGE = 32

/** The segments of all logs. */
export class Segments {
  readonly #table: StateTable
  readonly #kept = new Map<string, Segment>()

  constructor(modules: { readonly table: StateTable }) {
    this.#table = modules.table
  }

  /** Segments by number, in order; null for each that is not there. */
  async many(wanted: readonly { readonly log: LogId; readonly number: number }[]): Promise<(Segment | null)[]> {
    const missing = wanted.filter(({ log, number }) => !this.#kept.has(nameOf(log, number)))
    const items = await this.#table.getMany(missing.map(({ log, number }) => segmentKey(log, number)))
    const found = new Map<string, Segment>()
    for (const [i, { log, number }] of missing.entries()) {
      const item = items[i]
      if (item) found.set(nameOf(log, number), parseSegment(item))
    }
    const all = wanted.map(({ log, number }) => {
      const name = nameOf(log, number)
      return found.get(name) ?? this.#kept.get(name) ?? null
    })
    for (const [i, { log }] of wanted.entries()) this.#keep(log, all[i] ?? null)
    return all
  }

  async get(log: LogId, number: number): Promise<Segment | null> {
    const [segment] = await this.many([{ log, number }])
    return segment ?? null
  }

  /** The segments from a number on, one after the other, up to the last one or `to`; a reader that stops early has cost little. */
  async *from(log: LogId, number: number, to = Number.POSITIVE_INFINITY): AsyncGenerator<Segment> {
    let next = Math.max(1, number)
    for (let page = FIRST_PAGE; next <= to; page = Math.min(LAST_PAGE, 2 * page)) {
      const numbers = Array.from({ length: Math.min(page, to - next + 1) }, (_, i) => next + i)
      const segments = await this.many(numbers.map((one) => ({ log, number: one })))
      for (const segment of segments) {
        // One behind a gap is not to be seen before the gap is filled.
        if (segment === null) return
        yield segment
      }
      next += numbers.length
    }
  }

  /** The number of the log's last segment, 0 where there is none. @param hint one that is there, the nearer to the last the better; 0 for none */
  async tail(log: LogId, hint: number): Promise<number> {
    let tail = hint
    for await (const { number } of this.from(log, hint + 1)) tail = number
    return tail
  }

  /** @returns false where its number was taken */
  async put(log: LogId, segment: Segment): Promise<boolean> {
    const done = await this.#table.put(segmentItem(log, segment), { condition: 'attribute_not_exists(#pk)' })
    if (done) this.#keep(log, segment)
    return done
  }

  #keep(log: LogId, segment: Segment | null): void {
    if (segment === null) return
    const name = nameOf(log, segment.number)
    this.#kept.delete(name)
    this.#kept.set(name, segment)
    if (this.#kept.size <= KEPT) return
    const [oldest] = this.#kept.keys()
    if (oldest !== undefined) this.#kept.delete(oldest)
  }
}

const nameOf = (log: LogId, number: number): string => `${logName(log)}#${number}`

/** Where an id stands among a segment's entries, or -1. */
export const indexIn = ({ entries }: Segment, id: MessageId): number => entries.findIndex((entry) => entry.id === id)
