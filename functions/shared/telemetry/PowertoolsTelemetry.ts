import { AsyncLocalStorage } from 'node:async_hooks'
import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics } from '@aws-lambda-powertools/metrics'
import { Tracer } from '@aws-lambda-powertools/tracer'
import type { SpanContext, SpanName, Telemetry } from '@w3bstream/core/ports'
import type { TraceId } from '@w3bstream/protocol'
import { boundFields } from './boundFields.ts'
import { dimensionsOf, METRICS, NAMESPACE } from './metricNames.ts'
import { describeFailure } from './traceSegment.ts'

/** Telemetry of the units that run on Node through Powertools: JSON lines, metrics as lines of the Embedded Metric Format, X-Ray subsegments. */
export class PowertoolsTelemetry implements Telemetry {
  readonly #logger: Logger
  readonly #metrics: Metrics
  readonly #tracer: Tracer
  readonly #trace = new AsyncLocalStorage<TraceId>()
  /** A gauge's worst value since the last flush: several chains share one. */
  readonly #gauges = new Map<string, number>()

  /** @param o.service the unit: metrics have it as their dimension `service`. @param o.level least severe level that is written */
  constructor(o: { readonly service: string; readonly level: 'error' | 'warn' | 'info' | 'debug' }) {
    const serviceName = o.service
    const logLevel = ({ error: 'ERROR', warn: 'WARN', info: 'INFO', debug: 'DEBUG' } as const)[o.level]
    this.#logger = new Logger({ serviceName, logLevel })
    this.#metrics = new Metrics({ namespace: NAMESPACE, serviceName })
    // Answers of chains and of AWS are not traced: their URLs may hold an endpoint's key.
    this.#tracer = new Tracer({ serviceName, captureHTTPsRequests: false })
  }

  count(name: string, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    this.#add(name, by, labels)
  }

  observe(name: string, seconds: number, labels: Readonly<Record<string, string>> = {}): void {
    this.#add(name, seconds, labels)
  }

  gauge(name: string, value: number): void {
    if (dimensionsOf(name, {}) !== null) this.#gauges.set(name, Math.max(this.#gauges.get(name) ?? value, value))
  }

  log(
    level: 'error' | 'warn' | 'info' | 'debug',
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): void {
    const trace = this.#trace.getStore()
    this.#logger[level](message, boundFields(trace === undefined ? fields : { trace, ...fields }))
  }

  async span<T>(name: SpanName, of: SpanContext, run: () => Promise<T>): Promise<T> {
    const timed = async (): Promise<T> => {
      const started = performance.now()
      try {
        return await this.#trace.run(of.trace, run)
      } finally {
        const durationMs = performance.now() - started
        this.log('debug', name, { trace: of.trace, ...of.attributes, durationMs })
      }
    }
    const segment = this.#tracer.isTracingEnabled() ? this.#tracer.getSegment() : undefined
    if (segment === undefined) return timed()
    const sub = segment.addNewSubsegment(`## ${name}`)
    for (const [key, value] of Object.entries({ ...of.attributes, step: name, trace: of.trace }))
      sub.addAnnotation(key, value)
    const links = [...(of.links ?? [])].slice(0, 50)
    if (links.length > 0) sub.addMetadata('links', links)
    try {
      return await timed()
    } catch (error) {
      sub.addFaultFlag()
      sub.addMetadata('failure', describeFailure(error))
      throw error
    } finally {
      sub.close()
    }
  }

  /** To be awaited at the end of each call, and now and then by what runs long: writes the metrics. */
  async flush(): Promise<void> {
    for (const [name, value] of this.#gauges) this.#metrics.addMetric(name, this.#unit(name), value)
    this.#gauges.clear()
    if (this.#metrics.hasStoredMetrics()) this.#metrics.publishStoredMetrics()
  }

  #add(name: string, value: number, labels: Readonly<Record<string, string>>): void {
    const dimensions = dimensionsOf(name, labels)
    if (dimensions === null) return
    if (Object.keys(dimensions).length === 0) {
      this.#metrics.addMetric(name, this.#unit(name), value)
      return
    }
    const single = this.#metrics.singleMetric()
    single.addDimensions({ ...dimensions })
    single.addMetric(name, this.#unit(name), value)
  }

  #unit(name: string): 'Count' | 'Seconds' | 'None' {
    return METRICS[name]?.unit ?? 'None'
  }
}
