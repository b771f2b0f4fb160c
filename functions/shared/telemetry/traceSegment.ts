import type { SpanContext, SpanName } from '@w3bstream/core/ports'
import { type TraceId, W3bError } from '@w3bstream/protocol'

/** Links of one span that are kept. */
const MAX_LINKS = 50

/**
 * A span as a segment document of X-Ray (https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html), which takes W3C trace ids
 * with hyphens put in.
 * @param p.endedAt milliseconds since the epoch
 */
export function traceSegment(p: {
  readonly service: string
  readonly name: SpanName
  readonly of: SpanContext
  readonly endedAt: number
  readonly durationMs: number
  readonly failure: unknown
}): string {
  const { trace, links, attributes } = p.of
  const linked: TraceId[] = []
  for (const link of links ?? []) {
    if (linked.length >= MAX_LINKS) break
    linked.push(link)
  }
  return JSON.stringify({
    name: p.service,
    id: randomSegmentId(),
    trace_id: `1-${trace.slice(0, 8)}-${trace.slice(8)}`,
    start_time: (p.endedAt - p.durationMs) / 1000,
    end_time: p.endedAt / 1000,
    annotations: { step: p.name, trace, ...attributes },
    ...(linked.length === 0 ? {} : { metadata: { default: { links: linked } } }),
    ...(p.failure === undefined
      ? {}
      : { fault: true, cause: { exceptions: [{ id: randomSegmentId(), message: describeFailure(p.failure) }] } }),
  })
}

/** What a trace says of an error: its code where it is one of ours. */
export function describeFailure(failure: unknown): string {
  return failure instanceof W3bError ? failure.code : String(failure).slice(0, 200)
}

function randomSegmentId(): string {
  let id = ''
  for (const byte of crypto.getRandomValues(new Uint8Array(8))) id += byte.toString(16).padStart(2, '0')
  return id
}
