import { InvalidInputError, sproutStates } from '@w3bstream/protocol'
import type { AppContext } from '../AppContext.ts'
import type { Handler } from '../Endpoints.ts'
import { json } from '../reply/json.ts'
import { pathParam } from '../request/pathParam.ts'
import { olderProjectId } from './olderProjectId.ts'

/** `GET /task/:projectID/:taskID`, by the task's number. */
export function getTask({ w3b, access }: AppContext): Handler {
  return async (c) => {
    await access.reader(c)
    const projectID = olderProjectId(digits(pathParam(c, 'projectID'), 'projectID'))
    const taskID = digits(pathParam(c, 'taskID'), 'taskID')
    const found = await w3b.taskByNumber(projectID, taskID)
    return json({ taskID, projectID, states: found === null ? null : sproutStates(found.states, null) })
  }
}

function digits(value: string, field: string): bigint {
  const number = /^[0-9]{1,20}$/.test(value) ? BigInt(value) : -1n
  if (number < 0n || number >= 1n << 64n)
    throw new InvalidInputError({ field, problem: 'has to be an integer from 0 to 2^64-1' })
  return number
}
