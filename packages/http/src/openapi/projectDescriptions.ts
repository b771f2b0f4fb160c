import { z } from '@hono/zod-openapi'
import { schemas } from '../v1/schemas.ts'
import type { Description } from './Description.ts'

/** The project routes as the OpenAPI document has them. */
export const projectDescriptions: readonly Description[] = [
  {
    method: 'get',
    path: '/v1/projects',
    tag: 'projects',
    summary: 'Projects in the registry',
    answer: { schema: schemas.projects, is: 'The projects.' },
    errors: [503],
  },
  {
    method: 'get',
    path: '/v1/projects/{id}',
    tag: 'projects',
    summary: 'A project with its versions',
    answer: { schema: schemas.projectWithVersions, is: "The project, without its versions' code." },
    errors: [400, 404, 422, 503],
  },
  {
    method: 'post',
    path: '/v1/projects',
    tag: 'projects',
    summary: 'Publish a project file',
    description: 'The body is the file, byte for byte as it is to be hashed and registered.',
    query: z.object({
      project: z.string().optional().openapi({ description: 'The project to update; absent: a new one.' }),
    }),
    body: { type: 'application/json', schema: z.union([z.looseObject({}), z.array(z.looseObject({}))]) },
    answer: { schema: schemas.published, is: 'Published and registered.' },
    errors: [400, 401, 403, 404, 413, 422, 501, 503],
    token: 'required',
  },
]
