import { fromBase64 } from './fromBase64.ts'
import { toBase64 } from './toBase64.ts'

/** A call's input with its bytes as base64, as DynamoDB's and SQS's JSON has them. */
export function writeValues(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return toBase64(value)
  if (value instanceof Date) return value.getTime() / 1_000
  if (value instanceof Set) return Array.from(value, writeValues)
  if (Array.isArray(value)) return value.map(writeValues)
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, writeValues(member)]))
}

/**
 * An answer of DynamoDB with its binary values as bytes, in place. A member `B` with text in it can only be a binary value: an attribute of that
 * name holds an object.
 */
export function reviveValues(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (const member of value) reviveValues(member)
    return value
  }
  const members = value as Record<string, unknown>
  for (const [key, member] of Object.entries(members))
    if (key === 'B' && typeof member === 'string') members[key] = fromBase64(member)
    else if (key === 'BS' && Array.isArray(member)) members[key] = member.map((text: string) => fromBase64(text))
    else reviveValues(member)
  return value
}

/** An answer of a table's stream: also its times. */
export function reviveStream(value: unknown): unknown {
  reviveValues(value)
  if (typeof value === 'object' && value !== null && 'Records' in value && Array.isArray(value.Records))
    for (const { dynamodb } of value.Records as { dynamodb?: { ApproximateCreationDateTime?: unknown } }[])
      if (typeof dynamodb?.ApproximateCreationDateTime === 'number')
        dynamodb.ApproximateCreationDateTime = new Date(1_000 * dynamodb.ApproximateCreationDateTime)
  return value
}
