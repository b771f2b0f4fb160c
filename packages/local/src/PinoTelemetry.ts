import { AsyncLocalStorage } from 'node:async_hooks'
import type { SpanContext, SpanName, Telemetry } from '@w3bstream/core'
import { type TraceId, W3bError } from '@w3bstream/protocol'
import { type DestinationStream, type Logger, pino } from 'pino'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

const STDERR = pino.destination({ dest: 2, sync: true })
const SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300]

/** Telemetry as JSON lines on stderr and Prometheus metrics; spans are lines of the level `debug`. */
export class PinoTelemetry implements Telemetry {
  readonly #registry = new Registry()
  readonly #metrics = new Map<string, Counter | Gauge | Histogram>()
  readonly #log: Logger
  readonly #trace = new AsyncLocalStorage<TraceId>()

  /**
   * @param level least severe level that is written
   * @param out where lines go. Default: stderr
   */
  constructor(level: 'error' | 'warn' | 'info' | 'debug' | 'silent', out: DestinationStream = STDERR) {
    this.#log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, out)
    collectDefaultMetrics({ register: this.#registry })
  }

  count(name: string, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    const metric = this.#metric(name, () => new Counter(this.#shape(name, labels)))
    if (metric instanceof Counter) metric.inc({ ...labels }, by)
  }

  observe(name: string, seconds: number, labels: Readonly<Record<string, string>> = {}): void {
    const metric = this.#metric(name, () => new Histogram({ ...this.#shape(name, labels), buckets: SECONDS }))
    if (metric instanceof Histogram) metric.observe({ ...labels }, seconds)
  }

  gauge(name: string, value: number, labels: Readonly<Record<string, string>> = {}): void {
    const metric = this.#metric(name, () => new Gauge(this.#shape(name, labels)))
    if (metric instanceof Gauge) metric.set({ ...labels }, value)
  }

  log(
    level: 'error' | 'warn' | 'info' | 'debug',
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): void {
    const trace = this.#trace.getStore()
    this.#log[level](trace === undefined ? fields : { trace, ...fields }, message)
  }

  async span<T>(name: SpanName, of: SpanContext, run: () => Promise<T>): Promise<T> {
    const started = performance.now()
    let failure: unknown
    try {
      return await this.#trace.run(of.trace, run)
    } catch (error) {
      failure = error
      throw error
    } finally {
      if (this.#log.isLevelEnabled('debug')) this.#log.debug(spanFields(of, performance.now() - started, failure), name)
    }
  }

  /** All metrics in Prometheus' text format. */
  metrics(): Promise<string> {
    return this.#registry.metrics()
  }

  #shape(name: string, labels: Readonly<Record<string, string>>) {
    return { name, help: name.replaceAll('_', ' '), labelNames: Object.keys(labels), registers: [this.#registry] }
  }

  #metric(name: string, make: () => Counter | Gauge | Histogram): Counter | Gauge | Histogram {
    let metric = this.#metrics.get(name)
    if (metric === undefined) {
      metric = make()
      this.#metrics.set(name, metric)
    }
    return metric
  }
}

function spanFields({ trace, links, attributes }: SpanContext, durationMs: number, failure: unknown) {
  const linked = [...(links ?? [])]
  return {
    trace,
    ...(linked.length === 0 ? {} : { links: linked }),
    ...attributes,
    durationMs: Math.round(durationMs * 1000) / 1000,
    ...(failure === undefined ? {} : { failure: failure instanceof W3bError ? failure.code : String(failure) }),
  }
}
