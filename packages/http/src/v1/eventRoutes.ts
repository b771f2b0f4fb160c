import type { AppContext } from '../AppContext.ts'
import type { Endpoints } from '../Endpoints.ts'
import { taskEvents } from '../live/taskEvents.ts'
import { readProjectId } from './readProjectId.ts'

/** `/v1/events`. */
export function eventRoutes(endpoints: Endpoints, { access, streams, w3b }: AppContext): void {
  endpoints.add({ method: 'get', path: '/v1/events' }, async (c) => {
    const asked = c.req.query('project')
    const token = await access.requireAny(c, 'read')
    const projectId = asked === undefined ? token.projectId : readProjectId(asked)
    access.check(token, 'read', projectId)
    const lastId = c.req.header('last-event-id') ?? null
    return streams.reply(c, (signal) => taskEvents(w3b, projectId, lastId, signal))
  })
}
