import { z } from '@hono/zod-openapi'
import { schemas } from '../v1/schemas.ts'
import type { Description } from './Description.ts'

/** The task routes as the OpenAPI document has them. */
export const taskDescriptions: readonly Description[] = [
  {
    method: 'get',
    path: '/v1/tasks',
    tag: 'tasks',
    summary: 'Tasks, newest first',
    query: schemas.taskQuery,
    answer: { schema: schemas.taskPage, is: 'A page of tasks.' },
    errors: [400, 401, 429],
    token: 'optional',
  },
  {
    method: 'get',
    path: '/v1/tasks/{id}',
    tag: 'tasks',
    summary: 'A task and what happened to it',
    answer: { schema: schemas.taskWithStates, is: 'The task.' },
    errors: [400, 401, 404, 429],
    token: 'optional',
  },
  {
    method: 'get',
    path: '/v1/tasks/{id}/proof',
    tag: 'tasks',
    summary: "The bytes of a task's proof",
    answer: {
      type: 'application/octet-stream',
      schema: z.string().openapi({ format: 'binary' }),
      is: 'The proof.',
    },
    errors: [400, 401, 404, 429],
    token: 'optional',
  },
  {
    method: 'post',
    path: '/v1/tasks/{id}/replay',
    tag: 'tasks',
    summary: 'Put a failed task back on the road',
    answer: { schema: schemas.task, is: 'The task.' },
    errors: [400, 401, 403, 404, 409],
    token: 'required',
  },
]
