import { InvalidInputError, type ProjectId, projectId } from '@w3bstream/protocol'

/** A project id as the older APIs have it: a JSON number. @throws {InvalidInputError} */
export function olderProjectId(value: unknown): ProjectId {
  // Zero is the original's missing number.
  if (value === undefined || value === 0) throw new InvalidInputError({ field: 'projectID', problem: 'is missing' })
  if (typeof value !== 'number' && typeof value !== 'bigint')
    throw new InvalidInputError({ field: 'projectID', problem: 'has to be a number' })
  try {
    return projectId(value)
  } catch (cause) {
    throw new InvalidInputError({ field: 'projectID', problem: 'has to be an integer from 1 to 2^64-1', cause })
  }
}
