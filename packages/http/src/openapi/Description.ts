import type { z } from '@hono/zod-openapi'
import type { Endpoint } from '../Endpoints.ts'

/** A route as the OpenAPI document has it. */
export interface Description extends Endpoint {
  readonly tag: 'messages' | 'tasks' | 'projects' | 'tokens' | 'events' | 'system' | 'older'
  readonly summary: string
  readonly description?: string
  readonly query?: z.ZodObject
  readonly headers?: z.ZodObject
  readonly body?: { readonly type?: string; readonly schema: z.ZodType }
  readonly answer: {
    readonly status?: number
    readonly type?: string
    readonly schema?: z.ZodType
    readonly is: string
  }
  /** When it answers 204. */
  readonly nothing?: string
  /** Statuses of its errors. */
  readonly errors?: readonly (400 | 401 | 403 | 404 | 409 | 413 | 422 | 429 | 501 | 503)[]
  /** `optional`: what it shows or does depends on the token. */
  readonly token?: 'optional' | 'required'
}
