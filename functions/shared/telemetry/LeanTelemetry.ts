import type { SpanContext, SpanName, Telemetry } from '@w3bstream/core/ports'
import { boundFields } from './boundFields.ts'
import { isSampled } from './isSampled.ts'
import { MetricBuffer } from './MetricBuffer.ts'
import { traceSegment } from './traceSegment.ts'

type Level = 'error' | 'warn' | 'info' | 'debug'

const LEVELS: readonly Level[] = ['error', 'warn', 'info', 'debug']
/** Segments that may wait for a flush. */
const MAX_SEGMENTS = 100

export interface LeanTelemetryOptions {
  /** The unit: metrics have it as their dimension `service`. */
  readonly service: string
  /** Least severe level that is written. */
  readonly level: Level
  /** Share of traces that is sent, 0 to 1. */
  readonly traceRate: number
  /** Metrics are written at most so often, since each line costs; null: at each flush. Default 10,000. */
  readonly everyMs?: number | null
}

/**
 * Telemetry of the units where every request is paid for: JSON lines, metrics as lines of the Embedded Metric Format, and a sample of spans straight to
 * X-Ray, by the message's own trace id. Needs nothing of Node.
 */
export class LeanTelemetry implements Telemetry {
  readonly #write: (line: string) => void
  readonly #send: ((documents: readonly string[]) => Promise<void>) | null
  readonly #now: () => number
  readonly #options: LeanTelemetryOptions
  readonly #metrics: MetricBuffer
  #segments: string[] = []
  #flushedAt = 0

  constructor(
    modules: {
      /** Takes a line without its end. On Lambda: `process.stdout.write`, since `console.log` wraps what metrics are read from. */
      readonly write: (line: string) => void
      /** Where spans go; null: nowhere. */
      readonly sendTraces: ((documents: readonly string[]) => Promise<void>) | null
      readonly now?: () => number
    },
    options: LeanTelemetryOptions,
  ) {
    this.#write = modules.write
    this.#send = modules.sendTraces
    this.#now = modules.now ?? Date.now
    this.#options = options
    this.#metrics = new MetricBuffer(options.service)
  }

  count(name: string, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    this.#metrics.add(name, by, labels)
  }

  observe(name: string, seconds: number, labels: Readonly<Record<string, string>> = {}): void {
    this.#metrics.observe(name, seconds, labels)
  }

  gauge(name: string, value: number, labels: Readonly<Record<string, string>> = {}): void {
    this.#metrics.set(name, value, labels)
  }

  log(level: Level, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (!this.#writes(level)) return
    const timestamp = new Date(this.#now()).toISOString()
    const { service } = this.#options
    this.#write(JSON.stringify({ level: level.toUpperCase(), timestamp, service, message, ...boundFields(fields) }))
  }

  async span<T>(name: SpanName, of: SpanContext, run: () => Promise<T>): Promise<T> {
    const { service, traceRate } = this.#options
    const sampled = this.#send !== null && isSampled(of.trace, traceRate)
    if (!sampled && !this.#writes('debug')) return run()
    const started = performance.now()
    let failure: unknown
    try {
      return await run()
    } catch (error) {
      failure = error
      throw error
    } finally {
      const durationMs = performance.now() - started
      if (sampled && this.#segments.length < MAX_SEGMENTS)
        this.#segments.push(traceSegment({ service, name, of, endedAt: this.#now(), durationMs, failure }))
      this.log('debug', name, { trace: of.trace, ...of.attributes, durationMs })
    }
  }

  /** To be awaited at the end of each call: writes metrics when they are due, and sends spans. Never throws. */
  async flush(): Promise<void> {
    const { everyMs = 10_000 } = this.#options
    const now = this.#now()
    if (everyMs === null || now - this.#flushedAt >= everyMs) {
      this.#flushedAt = now
      for (const line of this.#metrics.take(now)) this.#write(line)
    }
    if (this.#send === null || this.#segments.length === 0) return
    const segments = this.#segments
    this.#segments = []
    try {
      await this.#send(segments)
    } catch (error) {
      this.log('debug', 'traces were not sent', { reason: error })
    }
  }

  #writes(level: Level): boolean {
    return LEVELS.indexOf(level) <= LEVELS.indexOf(this.#options.level)
  }
}
