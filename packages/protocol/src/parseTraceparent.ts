import type { TraceId } from './ids.ts'

/**
 * The trace id of a W3C `traceparent` header (Trace Context, level 1: `00-<trace id>-<parent id>-<flags>`; later versions may append fields).
 * @returns null for what is no such header: a caller's tracing never refuses its message
 */
export function parseTraceparent(header: string | null | undefined): TraceId | null {
  if (header === null || header === undefined || header.length > 256) return null
  const found = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/.exec(header.trim())
  if (found === null) return null
  const [, version, trace, parent, more] = found
  if (trace === undefined || version === 'ff' || (version === '00' && more !== undefined)) return null
  return /[^0]/.test(trace) && /[^0]/.test(parent ?? '') ? (trace as TraceId) : null
}
