import { dimensionsOf, METRICS, NAMESPACE } from './metricNames.ts'

interface Held {
  readonly name: string
  readonly dimensions: Readonly<Record<string, string>>
  readonly values: number[]
}

/** CloudWatch takes at most so many values of a metric in one document. */
const MAX_VALUES = 100

/**
 * Holds metrics between two flushes and makes documents of CloudWatch's Embedded Metric Format of them
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 *
 * Bounded: the names and label values are, and of durations the last hundred are held.
 */
export class MetricBuffer {
  readonly #service: string
  readonly #held = new Map<string, Held>()

  constructor(service: string) {
    this.#service = service
  }

  add(name: string, by: number, labels: Readonly<Record<string, string>>): void {
    const { values } = this.#metric(name, labels) ?? {}
    if (values !== undefined) values[0] = (values[0] ?? 0) + by
  }

  set(name: string, value: number, labels: Readonly<Record<string, string>>): void {
    const { values } = this.#metric(name, labels) ?? {}
    // Several chains share one gauge: the worst of them counts.
    if (values !== undefined) values[0] = Math.max(values[0] ?? value, value)
  }

  observe(name: string, value: number, labels: Readonly<Record<string, string>>): void {
    const { values } = this.#metric(name, labels) ?? {}
    if (values === undefined) return
    values.push(value)
    if (values.length > MAX_VALUES) values.shift()
  }

  /** The documents of what was held, one for each set of dimensions; holds nothing afterwards. @param at milliseconds since the epoch */
  take(at: number): string[] {
    const byDimensions = new Map<string, Held[]>()
    for (const held of this.#held.values()) {
      const key = JSON.stringify(held.dimensions)
      byDimensions.set(key, [...(byDimensions.get(key) ?? []), held])
    }
    this.#held.clear()
    return [...byDimensions.values()].map((metrics) => this.#document(metrics, at))
  }

  #document(metrics: readonly Held[], at: number): string {
    const dimensions = { service: this.#service, ...metrics[0]?.dimensions }
    return JSON.stringify({
      _aws: {
        Timestamp: at,
        CloudWatchMetrics: [
          {
            Namespace: NAMESPACE,
            Dimensions: [Object.keys(dimensions)],
            Metrics: metrics.map(({ name }) => ({ Name: name, Unit: METRICS[name]?.unit ?? 'None' })),
          },
        ],
      },
      ...dimensions,
      ...Object.fromEntries(metrics.map(({ name, values }) => [name, values.length === 1 ? values[0] : values])),
    })
  }

  #metric(name: string, labels: Readonly<Record<string, string>>): Held | null {
    const dimensions = dimensionsOf(name, labels)
    if (dimensions === null) return null
    const key = `${name} ${JSON.stringify(dimensions)}`
    const held = this.#held.get(key) ?? { name, dimensions, values: [] }
    this.#held.set(key, held)
    return held
  }
}
