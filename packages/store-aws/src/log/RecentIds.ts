import type { Clock, LogId, LogPosition } from '@w3bstream/core/ports'
import type { MessageId } from '@w3bstream/protocol'
import type { Heads } from './Heads.ts'
import type { Segments } from './Segments.ts'
import { endOf, type Segment } from './segmentItem.ts'

/** How long ids stay in memory, some 100 bytes each: the stream repeats itself within seconds, and what comes later is looked up. */
const KEPT_MS = 60_000
const LAST_PAGE = 32

export interface LastSegment {
  readonly number: number
  readonly at: number
  /** Position of its last message. */
  readonly end: LogPosition
}

/** The newest ids of a log's order, as a writer has to know them: all from a time on, without gaps up to the log's last segment. */
export class RecentIds {
  readonly #segments: Segments
  readonly #heads: Heads
  readonly #clock: Clock
  readonly #log: LogId
  /** Number of the segment that the directory of logs names as the last, as far as this writer knows. */
  told = 0
  readonly #ids = new Set<MessageId>()
  /** Oldest first, one number after the other. */
  #kept: { readonly number: number; readonly at: number; readonly ids: readonly MessageId[] }[] = []
  /** The last segment, without its entries: many logs are kept. */
  #last: LastSegment = { number: 0, at: 0, end: 0 }
  #isOpen = false

  constructor(modules: { readonly segments: Segments; readonly heads: Heads; readonly clock: Clock }, log: LogId) {
    this.#segments = modules.segments
    this.#heads = modules.heads
    this.#clock = modules.clock
    this.#log = log
  }

  /** The log's last segment; number 0 where there is none. */
  get last(): LastSegment {
    return this.#last
  }

  has(id: MessageId): boolean {
    return this.#ids.has(id)
  }

  /** Knows, from now on, every id that may have been received at a time or later. */
  async load(receivedAt: number): Promise<void> {
    if (!this.#isOpen) {
      const hint = (await this.#heads.get(this.#log))?.tail ?? 0
      this.told = hint
      const last = await this.#segments.get(this.#log, await this.#segments.tail(this.#log, hint))
      if (last !== null) this.add(last)
      this.#isOpen = true
    }
    this.#forget()
    await this.#loadSince(receivedAt)
  }

  /** The next segment, which this writer has put. */
  add(segment: Segment): void {
    this.#last = { number: segment.number, at: segment.at, end: endOf(segment) }
    this.#keep(segment)
  }

  /** Learns what other writers put. */
  async follow(): Promise<void> {
    for await (const segment of this.#segments.from(this.#log, this.#last.number + 1)) this.add(segment)
  }

  async #loadSince(at: number): Promise<void> {
    for (let page = 1; ; page = Math.min(LAST_PAGE, 2 * page)) {
      const first = this.#kept[0]
      if (first === undefined || first.number === 1 || first.at < at) return
      const start = Math.max(1, first.number - page)
      const wanted = Array.from({ length: first.number - start }, (_, i) => ({ log: this.#log, number: start + i }))
      const older = await this.#segments.many(wanted)
      for (const segment of older.reverse()) if (segment !== null) this.#keep(segment, 'first')
    }
  }

  #keep({ number, at, entries }: Segment, where: 'first' | 'last' = 'last'): void {
    const kept = { number, at, ids: entries.map(({ id }) => id) }
    if (where === 'last') this.#kept.push(kept)
    else this.#kept.unshift(kept)
    for (const id of kept.ids) this.#ids.add(id)
  }

  /** Drops what is old, but for the last segment. */
  #forget(): void {
    const old = this.#clock.now() - KEPT_MS
    let dropped = 0
    for (const { at, ids } of this.#kept.slice(0, -1)) {
      if (at >= old) break
      for (const id of ids) this.#ids.delete(id)
      dropped++
    }
    this.#kept.splice(0, dropped)
  }
}
