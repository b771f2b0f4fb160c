import type { Clock, LogId, LogPosition } from '@w3bstream/core/ports'
import type { MessageId } from '@w3bstream/protocol'
import type { Heads } from './Heads.ts'
import type { Segments } from './Segments.ts'
import { endOf, type Segment, type SegmentEntry } from './segmentItem.ts'

/** How long ids stay in memory, some 100 bytes each: the stream repeats itself within seconds, and what comes later is looked up. */
const KEPT_MS = 60_000
/** And how many of a log at most, but for its last segment's. */
const KEPT_IDS = 200_000
const LAST_PAGE = 32

/** A segment as it is remembered. */
interface Kept {
  readonly number: number
  readonly at: number
  /** The earliest and the latest receipt of its messages. */
  readonly from: number
  readonly to: number
  /** Null: looked up when a message may be in it. */
  ids: readonly MessageId[] | null
}

export interface LastSegment {
  readonly number: number
  readonly at: number
  /** Position of its last message. */
  readonly end: LogPosition
}

/**
 * What a writer has to know of a log's order before it adds to it: which of its messages are in there. The newest ids are in memory. Of what is older,
 * as far back as messages were received, only the times are, so that a backlog of hours takes no more memory than its segments are many.
 */
export class RecentIds {
  readonly #segments: Segments
  readonly #heads: Heads
  readonly #clock: Clock
  readonly #log: LogId
  /** Number of the segment that the directory of logs names as the last, as far as this writer knows. */
  told = 0
  readonly #keptIds: number
  readonly #ids = new Set<MessageId>()
  /** What is asked for, and which of it is in segments whose ids are not in memory. */
  #wanted: ReadonlySet<MessageId> = new Set()
  readonly #found = new Set<MessageId>()
  /** Oldest first, one number after the other. */
  #kept: Kept[] = []
  /** The last segment, without its entries: many logs are kept. */
  #last: LastSegment = { number: 0, at: 0, end: 0 }
  #isOpen = false

  /** @param options.keptIds in memory, 200,000 unless told */
  constructor(
    modules: { readonly segments: Segments; readonly heads: Heads; readonly clock: Clock },
    log: LogId,
    options: { readonly keptIds?: number } = {},
  ) {
    this.#segments = modules.segments
    this.#heads = modules.heads
    this.#clock = modules.clock
    this.#log = log
    this.#keptIds = options.keptIds ?? KEPT_IDS
  }

  /** The log's last segment; number 0 where there is none. */
  get last(): LastSegment {
    return this.#last
  }

  /** Ids in memory. */
  get size(): number {
    return this.#ids.size
  }

  /** Whether a message that was loaded for is in the order. */
  has(id: MessageId): boolean {
    return this.#ids.has(id) || this.#found.has(id)
  }

  /** Knows of these messages, until the next call, which are in the order. */
  async load(entries: readonly SegmentEntry[]): Promise<void> {
    this.#wanted = new Set(entries.map(({ id }) => id))
    this.#found.clear()
    if (!this.#isOpen) {
      const hint = (await this.#heads.get(this.#log))?.tail ?? 0
      this.told = hint
      const last = await this.#segments.get(this.#log, await this.#segments.tail(this.#log, hint))
      if (last !== null) this.add(last)
      this.#isOpen = true
    }
    const receipts = entries.map(({ receivedAt }) => receivedAt)
    // As many as batches have messages: more than a call takes arguments.
    const since = receipts.reduce((earliest, receipt) => Math.min(earliest, receipt), Number.POSITIVE_INFINITY)
    this.#forget(since)
    await this.#lookUp(receipts)
    await this.#loadSince(since)
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

  /** Asks the segments that may have what is wanted and whose ids are not in memory. */
  async #lookUp(receipts: readonly number[]): Promise<void> {
    const unsure = this.#kept.filter(
      ({ ids, from, to }) => ids === null && receipts.some((receipt) => receipt >= from && receipt <= to),
    )
    for (let at = 0; at < unsure.length; at += LAST_PAGE) {
      const wanted = unsure.slice(at, at + LAST_PAGE).map(({ number }) => ({ log: this.#log, number }))
      for (const segment of await this.#segments.many(wanted)) if (segment !== null) this.#find(idsOf(segment))
    }
  }

  async #loadSince(at: number): Promise<void> {
    for (let page = 1; ; page = Math.min(LAST_PAGE, 2 * page)) {
      const first = this.#kept[0]
      if (first === undefined || first.number === 1 || first.at < at) return
      const start = Math.max(1, first.number - page)
      const wanted = Array.from({ length: first.number - start }, (_, i) => ({ log: this.#log, number: start + i }))
      const older = await this.#segments.many(wanted)
      const kept: Kept[] = []
      for (const segment of older) {
        if (segment === null) continue
        const ids = idsOf(segment)
        const isNew = segment.at >= this.#clock.now() - KEPT_MS && this.#ids.size + ids.length <= this.#keptIds
        kept.push(keptOf(segment, isNew ? ids : null))
        if (isNew) for (const id of ids) this.#ids.add(id)
        else this.#find(ids)
      }
      this.#kept = [...kept, ...this.#kept]
    }
  }

  #keep(segment: Segment): void {
    const ids = idsOf(segment)
    this.#kept.push(keptOf(segment, ids))
    for (const id of ids) this.#ids.add(id)
    for (let at = this.#oldestWithIds(); this.#ids.size > this.#keptIds && at < this.#kept.length - 1; at++)
      this.#dropIds(this.#kept[at])
  }

  /** Drops ids that are old, and of what is older than all that is wanted the rest too; but nothing of the last segment. */
  #forget(since: number): void {
    const old = this.#clock.now() - KEPT_MS
    let dropped = 0
    for (const kept of this.#kept.slice(0, -1)) {
      if (kept.at >= old) break
      this.#dropIds(kept)
      if (kept.at < since) dropped++
    }
    this.#kept.splice(0, dropped)
  }

  #oldestWithIds(): number {
    const at = this.#kept.findIndex(({ ids }) => ids !== null)
    return at === -1 ? this.#kept.length : at
  }

  #dropIds(kept: Kept | undefined): void {
    if (kept === undefined || kept.ids === null) return
    this.#find(kept.ids)
    for (const id of kept.ids) this.#ids.delete(id)
    kept.ids = null
  }

  #find(ids: readonly MessageId[]): void {
    for (const id of ids) if (this.#wanted.has(id)) this.#found.add(id)
  }
}

const idsOf = ({ entries }: Segment): MessageId[] => entries.map(({ id }) => id)

const keptOf = ({ number, at, entries }: Segment, ids: Kept['ids']): Kept => {
  const receipts = entries.map(({ receivedAt }) => receivedAt)
  return { number, at, from: Math.min(...receipts), to: Math.max(...receipts), ids }
}
