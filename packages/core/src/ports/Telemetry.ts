/** Counters, durations and log lines. Levels: `error` needs a person, `warn` heals by itself but should be rare, `info` marks a step of the road, `debug` the rest. */
export interface Telemetry {
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void
  /** @param seconds a duration */
  observe(name: string, seconds: number, labels?: Readonly<Record<string, string>>): void
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void
  log(level: 'error' | 'warn' | 'info' | 'debug', message: string, fields?: Readonly<Record<string, unknown>>): void
}
