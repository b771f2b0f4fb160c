import { z } from '@hono/zod-openapi'
import type { Description } from './Description.ts'

/** The event routes as the OpenAPI document has them. */
export const eventDescriptions: readonly Description[] = [
  {
    method: 'get',
    path: '/v1/events',
    tag: 'events',
    summary: 'The steps of all tasks, as they happen',
    description:
      'Server-sent events, each named after the state that a task is in: steps, and while it is `assigned` now and then how far its proof is. With `Last-Event-ID` those since come first, also those of before a restart. Ends after a minute.',
    query: z.object({ project: z.string().optional() }),
    answer: { type: 'text/event-stream', schema: z.string(), is: 'The events.' },
    errors: [400, 401, 403, 503],
    token: 'required',
  },
]
