import { InvalidInputError, type ProjectId, type TaskId, type TaskState, taskId } from '@w3bstream/protocol'
import { readProjectId } from './readProjectId.ts'

const STATES: readonly TaskState[] = ['packed', 'assigned', 'proved', 'submitted', 'settled', 'finalized', 'failed']
const MAX_LIMIT = 200
const DEFAULT_LIMIT = 50

/** Which tasks are asked for. */
export interface TaskQuery {
  readonly limit: number
  readonly projectId?: ProjectId
  readonly state?: TaskState
  /** Older ones than this follow. */
  readonly before?: TaskId
}

/** Reads the query of a list of tasks. @throws {InvalidInputError} naming the first field that is wrong */
export function readTaskQuery(query: Readonly<Record<string, string>>): TaskQuery {
  const { project, state, limit = String(DEFAULT_LIMIT), before } = query
  if (project !== undefined && !/^[1-9][0-9]{0,19}$/.test(project))
    throw new InvalidInputError({ field: 'project', problem: 'has to be decimal digits' })
  const projectId = project === undefined ? undefined : readProjectId(project)
  const found = STATES.find((one) => one === state)
  if (state !== undefined && found === undefined)
    throw new InvalidInputError({ field: 'state', problem: `has to be one of ${STATES.join(', ')}` })
  if (!/^[0-9]{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_LIMIT)
    throw new InvalidInputError({ field: 'limit', problem: `has to be a number from 1 to ${MAX_LIMIT}` })
  if (before !== undefined && !/^0x[0-9a-f]{64}$/.test(before))
    throw new InvalidInputError({ field: 'before', problem: 'has to be the id of a task' })
  return {
    limit: Number(limit),
    ...(projectId === undefined ? {} : { projectId }),
    ...(found === undefined ? {} : { state: found }),
    ...(before === undefined ? {} : { before: taskId(before) }),
  }
}
