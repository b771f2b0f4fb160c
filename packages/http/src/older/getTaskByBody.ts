import { InvalidInputError, TaskNotFoundError, taskId, w3bstreamStates } from '@w3bstream/protocol'
import type { AppContext } from '../AppContext.ts'
import type { Handler } from '../Endpoints.ts'
import { json } from '../reply/json.ts'
import { type JsonObject, parseBody } from '../request/parseBody.ts'
import { olderProjectId } from './olderProjectId.ts'
import { olderText } from './olderText.ts'

/** `GET /task` with a JSON body, which the server has read; or with query parameters, which pass every proxy. */
export function getTaskByBody({ w3b, access }: AppContext): Handler {
  return async (c) => {
    access.takeAddress(access.source(c), 1)
    const body = c.env?.getBody
    const asked = body === undefined ? fromQuery(c.req.query()) : parseBody(body)
    let project: unknown
    let task: unknown
    for (const [name, value] of Object.entries(asked))
      if (name.toLowerCase() === 'projectid') project = value ?? undefined
      else if (name.toLowerCase() === 'taskid') task = value ?? undefined
    const projectID = olderProjectId(project)
    const id = readTaskId(olderText(task, 'taskID'))
    const found = await w3b.task(id)
    if (found === null || found.task.task.projectId !== projectID) throw new TaskNotFoundError({ task: id })
    const prover = found.task.assignment?.value.prover ?? null
    return json({ projectID, taskID: id, states: w3bstreamStates(found.states, prover) })
  }
}

function readTaskId(value: string) {
  if (!/^(0x)?[0-9a-f]{64}$/i.test(value))
    throw new InvalidInputError({ field: 'taskID', problem: 'has to be 32 bytes in hex' })
  return taskId(`0x${value.slice(-64)}`)
}

const fromQuery = (query: Record<string, string>): JsonObject =>
  Object.fromEntries(
    Object.entries(query).map(([name, value]) =>
      name.toLowerCase() === 'projectid' && /^[0-9]{1,20}$/.test(value) ? [name, BigInt(value)] : [name, value],
    ),
  )
