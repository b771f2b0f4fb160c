import { TaskNotFoundError, taskId } from '@w3bstream/protocol'
import type { AppContext } from '../AppContext.ts'
import type { Endpoints } from '../Endpoints.ts'
import { HttpError } from '../errors/HttpError.ts'
import { json } from '../reply/json.ts'
import { pathParam } from '../request/pathParam.ts'
import { readTaskQuery } from './readTaskQuery.ts'
import { viewTask } from './viewTask.ts'
import { viewTaskWithStates } from './viewTaskWithStates.ts'

/** `/v1/tasks`. */
export function taskRoutes(endpoints: Endpoints, { access, w3b }: AppContext): void {
  endpoints.add({ method: 'get', path: '/v1/tasks' }, async (c) => {
    await access.reader(c)
    const { tasks, next } = await w3b.tasks(readTaskQuery(c.req.query()))
    return json({ tasks: tasks.map(viewTask), next })
  })

  endpoints.add({ method: 'get', path: '/v1/tasks/{id}' }, async (c) => {
    const reader = await access.reader(c)
    const id = taskId(pathParam(c, 'id'))
    const found = await w3b.task(id)
    if (found === null) throw new TaskNotFoundError({ task: id })
    const read = access.mayRead(reader, found.task.task.projectId)
    return json(viewTaskWithStates(found, read ? await w3b.members(id) : null))
  })

  endpoints.add({ method: 'get', path: '/v1/tasks/{id}/proof' }, async (c) => {
    await access.reader(c)
    const id = taskId(pathParam(c, 'id'))
    const proof = await w3b.proof(id)
    if (proof !== null) return { status: 200, type: 'application/octet-stream', body: Uint8Array.from(proof) }
    if ((await w3b.task(id)) === null) throw new TaskNotFoundError({ task: id })
    throw HttpError.notYet('The proof', 'Ask again when the task is `proved`.')
  })

  endpoints.add({ method: 'post', path: '/v1/tasks/{id}/replay' }, async (c) => {
    const id = taskId(pathParam(c, 'id'))
    const token = await access.requireAny(c, 'operate')
    const found = await w3b.task(id)
    if (found === null) throw new TaskNotFoundError({ task: id })
    access.check(token, 'operate', found.task.task.projectId)
    return json(viewTask(await w3b.replay(id, `token:${token.id}`)))
  })
}
