import { BadSignatureError, type Hex, InvalidInputError, type ProjectId, projectId } from '@w3bstream/protocol'
import { parseBody } from '../request/parseBody.ts'
import { payloadText } from '../request/payloadText.ts'

/** A message as both older APIs post it. */
export interface OlderMessage {
  readonly projectId: ProjectId
  readonly version: string
  readonly data: string
  /** Present: the later API's form. */
  readonly signature: Hex | null
}

/**
 * Reads `{"projectID","projectVersion","data","signature"?}`, the names in any case, other members ignored.
 * @throws {InvalidInputError} naming the field @throws {BadSignatureError} a signature that is there and cannot be one @throws {HttpError} 400, 413
 */
export function readOlderMessage(text: string, maxMessageBytes: number): OlderMessage {
  const body = parseBody(text)
  let project: unknown
  let version: unknown
  let data: unknown
  let signature: unknown
  for (const name in body) {
    // JSON null leaves a field unset, as it does in the original.
    const value = body[name] ?? undefined
    switch (name.toLowerCase()) {
      case 'projectid':
        project = value
        break
      case 'projectversion':
        version = value
        break
      case 'data':
        data = value
        break
      case 'signature':
        signature = value
        break
    }
  }
  return {
    projectId: olderProjectId(project),
    version: olderText(version, 'projectVersion', 128),
    data: payloadText(olderText(data, 'data'), maxMessageBytes),
    signature: signature === undefined ? null : olderSignature(signature),
  }
}

/** @throws {InvalidInputError} */
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

/** @throws {InvalidInputError} */
export function olderText(value: unknown, field: string, maxLength?: number): string {
  if (value === undefined || value === '') throw new InvalidInputError({ field, problem: 'is missing' })
  if (typeof value !== 'string') throw new InvalidInputError({ field, problem: 'has to be a string' })
  if (maxLength !== undefined && value.length > maxLength)
    throw new InvalidInputError({ field, problem: `has to be at most ${maxLength} characters` })
  return value
}

function olderSignature(value: unknown): Hex {
  if (typeof value !== 'string') throw new InvalidInputError({ field: 'signature', problem: 'has to be a string' })
  if (!/^0x[0-9a-f]{130}$/i.test(value)) throw new BadSignatureError({ reason: 'it has to be 0x and 65 bytes in hex' })
  return value.toLowerCase() as Hex
}
