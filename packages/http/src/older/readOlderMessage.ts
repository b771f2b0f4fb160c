import { BadSignatureError, type Hex, InvalidInputError, type ProjectId } from '@w3bstream/protocol'
import { parseBody } from '../request/parseBody.ts'
import { payloadText } from '../request/payloadText.ts'
import { olderProjectId } from './olderProjectId.ts'
import { olderText } from './olderText.ts'

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

function olderSignature(value: unknown): Hex {
  if (typeof value !== 'string') throw new InvalidInputError({ field: 'signature', problem: 'has to be a string' })
  if (!/^0x[0-9a-f]{130}$/i.test(value)) throw new BadSignatureError({ reason: 'it has to be 0x and 65 bytes in hex' })
  return value.toLowerCase() as Hex
}
