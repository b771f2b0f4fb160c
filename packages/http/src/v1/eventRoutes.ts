import { z } from '@hono/zod-openapi'
import type { AppContext } from '../AppContext.ts'
import type { Endpoints } from '../Endpoints.ts'
import { taskEvents } from '../live/taskEvents.ts'
import { readProjectId } from './readProjectId.ts'

/** `/v1/events`. */
export function eventRoutes(endpoints: Endpoints, { access, streams, w3b }: AppContext): void {
  endpoints.add(
    {
      method: 'get',
      path: '/v1/events',
      tag: 'events',
      summary: 'The steps of all tasks, as they happen',
      description:
        'Server-sent events; with `Last-Event-ID` those since come first, also those of before a restart. Ends after a minute.',
      query: z.object({ project: z.string().optional() }),
      answer: { type: 'text/event-stream', schema: z.string(), is: 'The events.' },
      errors: [400, 401, 403, 503],
      token: 'required',
    },
    async (c) => {
      const asked = c.req.query('project')
      const token = await access.requireAny(c, 'read')
      const projectId = asked === undefined ? token.projectId : readProjectId(asked)
      access.check(token, 'read', projectId)
      const lastId = c.req.header('last-event-id') ?? null
      return streams.reply(c, (signal) => taskEvents(w3b, projectId, lastId, signal))
    },
  )
}
