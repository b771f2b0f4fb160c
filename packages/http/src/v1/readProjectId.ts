import { InvalidInputError, type ProjectId, projectId } from '@w3bstream/protocol'

/** A project id as `/v1` has it: decimal digits, or a number that a JSON number holds exactly. @throws {InvalidInputError} */
export function readProjectId(value: unknown): ProjectId {
  if (value === undefined || value === null) throw new InvalidInputError({ field: 'projectId', problem: 'is missing' })
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint')
    throw new InvalidInputError({ field: 'projectId', problem: 'has to be decimal digits' })
  return projectId(value)
}
