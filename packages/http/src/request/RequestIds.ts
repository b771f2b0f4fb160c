import type { Context } from 'hono'
import type { AppEnv } from '../AppEnv.ts'

/** What names a request in answers and logs. */
export interface RequestId {
  readonly id: string
  /** Of a W3C `traceparent`, where the caller sent one. */
  readonly traceId: string | null
}

/** Takes over the caller's request and trace ids, or makes request ids of its own. */
export class RequestIds {
  readonly #run = crypto.randomUUID().slice(0, 8)
  #next = 0

  of(c: Context<AppEnv>): RequestId {
    const given = c.req.header('x-request-id')
    const trace = c.req.header('traceparent')
    return {
      id: given !== undefined && /^[\w.:-]{1,64}$/.test(given) ? given : `${this.#run}-${(this.#next++).toString(36)}`,
      traceId:
        trace === undefined ? null : (/^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(trace)?.[1] ?? null),
    }
  }
}
