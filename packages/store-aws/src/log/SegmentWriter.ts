import type { Clock, LogId, WaitingLog } from '@w3bstream/core/ports'
import type { MessageId } from '@w3bstream/protocol'
import type { Aws } from '../calls/Aws.ts'
import { contend } from '../state/contend.ts'
import { StateTable } from '../state/StateTable.ts'
import { type Head, Heads } from './Heads.ts'
import { inGroups } from './inGroups.ts'
import { logName } from './logName.ts'
import { SEGMENT_ENTRIES } from './position.ts'
import { RecentIds } from './RecentIds.ts'
import { readGap, type StreamGap } from './readGap.ts'
import { Segments } from './Segments.ts'
import type { SegmentEntry } from './segmentItem.ts'
import { type StreamRecord, streamEntries } from './streamEntries.ts'
import { WaitingCounter } from './WaitingCounter.ts'

/** A log that got messages. */
export interface Written {
  readonly log: LogId
  /** How many were new to it. */
  readonly count: number
  /** What waits in it now, counted as far as a task. */
  readonly waiting: WaitingLog
  /** Whether that fills a task, or nobody has said yet when it does. */
  readonly isFull: boolean
}

/** What a writer remembers of a log. */
interface KnownLog {
  readonly recent: RecentIds
  readonly counter: WaitingCounter
}

const LOGS_AT_ONCE = 8
/** Logs whose newest ids are kept in memory. */
const KEPT_LOGS = 300

/**
 * Gives messages their order: what the stream says is new goes into the next segment of its log, once, however often, late or out of order the stream
 * says it, and whoever else writes. An id that is in a segment already is passed over; segments are looked through from the message's receipt on.
 */
export class SegmentWriter {
  readonly #aws: Aws
  readonly #clock: Clock
  readonly #segments: Segments
  readonly #heads: Heads
  readonly #entries: number
  readonly #logs = new Map<string, KnownLog>()
  /** Logs that are being written to: each by one at a time. */
  readonly #busy = new Map<string, Promise<unknown>>()

  /** @param options.entries of one segment, up to 1,000, the default */
  constructor(
    modules: { readonly aws: Aws; readonly clock: Clock },
    options: { readonly stateTable: string; readonly entries?: number },
  ) {
    this.#aws = modules.aws
    this.#clock = modules.clock
    const table = new StateTable(modules, { table: options.stateTable })
    this.#segments = new Segments({ table })
    this.#heads = new Heads({ table })
    this.#entries = Math.min(options.entries ?? SEGMENT_ENTRIES, SEGMENT_ENTRIES)
  }

  /**
   * Orders what the records say is new. Safe to repeat as a whole or in part.
   * @returns the logs of the records, also those that had nothing new: the signal may have been lost with the first try
   * @throws {StoreUnavailableError} some of it may be ordered; the records have to come again
   */
  async write(records: readonly StreamRecord[]): Promise<Written[]> {
    const logs = new Map<string, { readonly log: LogId; readonly entries: Map<MessageId, SegmentEntry> }>()
    for (const record of records) {
      const found = streamEntries(record)
      if (found === null) continue
      const name = logName(found.log)
      const known = logs.get(name) ?? { log: found.log, entries: new Map() }
      logs.set(name, known)
      for (const entry of found.entries) known.entries.set(entry.id, entry)
    }
    return inGroups([...logs.values()], LOGS_AT_ONCE, ({ log, entries }) =>
      this.#alone(logName(log), () => this.#writeLog(log, [...entries.values()])),
    )
  }

  /**
   * Orders the records of a range that the stream's reader gave up: reads them again from the stream.
   * @param gap see {@link parseStreamGap}
   * @throws {StreamTrimmedError} the range is older than the stream's 24 hours @throws {StoreUnavailableError}
   */
  async repair(gap: StreamGap): Promise<Written[]> {
    const written: Written[] = []
    for await (const records of readGap(this.#aws, gap)) written.push(...(await this.write(records)))
    return written
  }

  async #alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(name) ?? Promise.resolve()
    const done = before.then(work, work)
    this.#busy.set(name, done)
    try {
      return await done
    } finally {
      if (this.#busy.get(name) === done) this.#busy.delete(name)
    }
  }

  async #writeLog(log: LogId, entries: readonly SegmentEntry[]): Promise<Written> {
    const { recent, counter } = this.#known(log)
    await recent.load(entries)
    const isNew = ({ id }: SegmentEntry) => !recent.has(id)
    const count = entries.filter(isNew).length
    await contend(async () => {
      const fresh = entries.filter(isNew)
      for (let at = 0; at < fresh.length; at += this.#entries) {
        if (recent.last.number === 0) await this.#heads.make(log)
        const next = fresh.slice(at, at + this.#entries)
        const receipts = next.map(({ receivedAt }) => receivedAt)
        const segment = {
          number: recent.last.number + 1,
          at: Math.max(recent.last.at, this.#clock.now(), ...receipts),
          entries: next,
        }
        if (!(await this.#segments.put(log, segment))) {
          await recent.follow()
          return { again: 'other writers were first' }
        }
        recent.add(segment)
      }
      return { value: null }
    })
    const head = await this.#tell(log, recent)
    const waiting = await counter.count(head.cursor, (messages, bytes) => isFull(head, messages, bytes))
    return { log, count, waiting, isFull: waiting.count > 0 && isFull(head, waiting.count, waiting.bytes) }
  }

  /** Says in the directory how far the log goes. */
  async #tell(log: LogId, recent: RecentIds): Promise<Pick<Head, 'log' | 'cursor' | 'full'>> {
    const { number, end } = recent.last
    const raised = recent.told >= number ? null : await this.#heads.raise(log, end)
    recent.told = number
    return raised ?? (await this.#heads.get(log)) ?? { log, cursor: 0, full: null }
  }

  #known(log: LogId): KnownLog {
    const name = logName(log)
    const modules = { segments: this.#segments, heads: this.#heads, clock: this.#clock }
    const known = this.#logs.get(name) ?? {
      recent: new RecentIds(modules, log),
      counter: new WaitingCounter(modules, log),
    }
    this.#logs.delete(name)
    this.#logs.set(name, known)
    const [oldest] = this.#logs.keys()
    if (this.#logs.size > KEPT_LOGS && oldest !== undefined) this.#logs.delete(oldest)
    return known
  }
}

const isFull = ({ full }: Pick<Head, 'full'>, count: number, bytes: number): boolean =>
  full === null || count >= full.count || bytes >= full.bytes
