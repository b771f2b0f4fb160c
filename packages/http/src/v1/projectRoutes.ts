import type { AppContext } from '../AppContext.ts'
import type { Endpoints } from '../Endpoints.ts'
import { HttpError } from '../errors/HttpError.ts'
import { json } from '../reply/json.ts'
import { pathParam } from '../request/pathParam.ts'
import { readBytes } from '../request/readBytes.ts'
import { readProjectId } from './readProjectId.ts'
import { viewProject } from './viewProject.ts'
import { viewProjectWithVersions } from './viewProjectWithVersions.ts'

/** `/v1/projects`. */
export function projectRoutes(endpoints: Endpoints, { access, limits, publisher, w3b }: AppContext): void {
  endpoints.add({ method: 'get', path: '/v1/projects' }, async () =>
    json({ projects: (await w3b.projects()).map(viewProject) }),
  )

  endpoints.add({ method: 'get', path: '/v1/projects/{id}' }, async (c) =>
    json(viewProjectWithVersions(await w3b.project(readProjectId(pathParam(c, 'id'))))),
  )

  endpoints.add({ method: 'post', path: '/v1/projects' }, async (c) => {
    const project = c.req.query('project')
    const projectId = project === undefined ? null : readProjectId(project)
    await access.require(c, 'operate', projectId)
    if (publisher === null)
      throw HttpError.notConfigured(
        'Publishing',
        "Store the file where provers can fetch it, and register its URI and SHA-256 from the owner's account: `createProject` or `updateProject` of the ProjectRegistrar, which `GET /v1/domain` names.",
      )
    const published = await publisher.publish({ bytes: await readBytes(c, limits.projectFileBytes), projectId })
    return json({ ...published, projectId: published.projectId.toString() })
  })
}
