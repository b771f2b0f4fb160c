import { stringifyExactJson } from '@w3bstream/protocol'
import type { Reply } from './Reply.ts'

/** A JSON answer; a `bigint` becomes plain digits, as the older APIs write 64-bit integers. */
export function json(value: unknown, status = 200): Reply {
  return { status, type: 'application/json', body: stringifyExactJson(value) }
}
