import { z } from '@hono/zod-openapi'
import { TaskNotFoundError, taskId } from '@w3bstream/protocol'
import type { AppContext } from '../AppContext.ts'
import type { Endpoints } from '../Endpoints.ts'
import { HttpError } from '../errors/HttpError.ts'
import { json } from '../reply/json.ts'
import { checked } from '../request/checked.ts'
import { pathParam } from '../request/pathParam.ts'
import { readProjectId } from './readProjectId.ts'
import { schemas } from './schemas.ts'
import { viewTask } from './viewTask.ts'
import { viewTaskWithStates } from './viewTaskWithStates.ts'

/** `/v1/tasks`. */
export function taskRoutes(endpoints: Endpoints, { access, w3b }: AppContext): void {
  endpoints.add(
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
    async (c) => {
      await access.reader(c)
      const { project, state, limit, before } = checked(schemas.taskQuery, c.req.query())
      const tasks = await w3b.tasks({
        limit,
        ...(project === undefined ? {} : { projectId: readProjectId(project) }),
        ...(state === undefined ? {} : { state }),
        ...(before === undefined ? {} : { before: taskId(before) }),
      })
      const next = tasks.length < limit ? null : (tasks.at(-1)?.id ?? null)
      return json({ tasks: tasks.map(viewTask), next })
    },
  )

  endpoints.add(
    {
      method: 'get',
      path: '/v1/tasks/{id}',
      tag: 'tasks',
      summary: 'A task and what happened to it',
      answer: { schema: schemas.taskWithStates, is: 'The task.' },
      errors: [400, 401, 404, 429],
      token: 'optional',
    },
    async (c) => {
      const reader = await access.reader(c)
      const id = taskId(pathParam(c, 'id'))
      const found = await w3b.task(id)
      if (found === null) throw new TaskNotFoundError({ task: id })
      const read = access.mayRead(reader, found.task.task.projectId)
      return json(viewTaskWithStates(found, read ? await w3b.members(id) : null))
    },
  )

  endpoints.add(
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
    async (c) => {
      await access.reader(c)
      const id = taskId(pathParam(c, 'id'))
      const proof = await w3b.proof(id)
      if (proof !== null) return { status: 200, type: 'application/octet-stream', body: Uint8Array.from(proof) }
      if ((await w3b.task(id)) === null) throw new TaskNotFoundError({ task: id })
      throw HttpError.notYet('The proof', 'Ask again when the task is `proved`.')
    },
  )

  endpoints.add(
    {
      method: 'post',
      path: '/v1/tasks/{id}/replay',
      tag: 'tasks',
      summary: 'Put a failed task back on the road',
      answer: { schema: schemas.task, is: 'The task.' },
      errors: [400, 401, 403, 404, 409],
      token: 'required',
    },
    async (c) => {
      const id = taskId(pathParam(c, 'id'))
      const token = await access.requireAny(c, 'operate')
      const found = await w3b.task(id)
      if (found === null) throw new TaskNotFoundError({ task: id })
      access.check(token, 'operate', found.task.task.projectId)
      return json(viewTask(await w3b.replay(id, `token:${token.id}`)))
    },
  )
}
