import type { TraceId } from '@w3bstream/protocol'

/** The steps of the road, as spans name them. */
export type SpanName = 'ingest' | 'pack' | 'assign' | 'prove' | 'settle' | 'follow' | 'finalize'

/** What a span belongs to. */
export interface SpanContext {
  /** The trace of the message, or of the task's first message. */
  readonly trace: TraceId
  /** Other traces that it serves: a task's further messages, a caller's own trace. Iterated only where spans are kept, at most once. */
  readonly links?: Iterable<TraceId>
  readonly attributes?: Readonly<Record<string, string | number | boolean>>
}

/**
 * Counters, durations, spans and log lines. Levels: `error` needs a person, `warn` heals by itself but should be rare, `info` marks a step of the
 * road, `debug` the rest. Nothing here throws, and nothing here waits.
 */
export interface Telemetry {
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void
  /** @param seconds a duration */
  observe(name: string, seconds: number, labels?: Readonly<Record<string, string>>): void
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void
  log(level: 'error' | 'warn' | 'info' | 'debug', message: string, fields?: Readonly<Record<string, unknown>>): void
  /**
   * Times one step for a trace. Log lines that are written inside name the trace, where the platform can tell (on Node).
   * @returns what `run` returns; its failure is noted and passed on
   */
  span<T>(name: SpanName, of: SpanContext, run: () => Promise<T>): Promise<T>
}
