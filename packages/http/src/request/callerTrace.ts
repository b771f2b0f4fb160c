import { parseTraceparent, type TraceId } from '@w3bstream/protocol'
import type { Context } from 'hono'
import type { AppEnv } from '../AppEnv.ts'

/** The trace that the caller's `traceparent` header names, as a field of the messages that it posts. */
export function callerTrace(c: Context<AppEnv>): { readonly callerTrace?: TraceId } {
  const trace = parseTraceparent(c.req.header('traceparent'))
  return trace === null ? {} : { callerTrace: trace }
}
