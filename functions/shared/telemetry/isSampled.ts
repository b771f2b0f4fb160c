import type { TraceId } from '@w3bstream/protocol'

/** Whether a trace is kept, by its id: every unit keeps the same ones. @param rate share of traces, 0 to 1 */
export function isSampled(trace: TraceId, rate: number): boolean {
  return Number.parseInt(trace.slice(-8), 16) < rate * 2 ** 32
}
