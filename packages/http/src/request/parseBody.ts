import { parseExactJson } from '@w3bstream/protocol'
import { HttpError } from '../errors/HttpError.ts'

/** Levels of nesting that a body may have. */
const MAX_DEPTH = 100

/** A JSON object whose members are yet to be looked at. */
export type JsonObject = Readonly<Record<string, unknown>>

/**
 * Parses a body that has to be a JSON object, nested up to {@link MAX_DEPTH} levels. Integers beyond 2^53 come as `bigint`, digit for digit.
 * @throws {HttpError} 400
 */
export function parseBody(text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
    // Reading the source of numbers is several times slower, and hardly ever needed.
    if (typeof value === 'object' && value !== null && hasInexactNumber(value)) value = parseExactJson(text)
  } catch {
    throw HttpError.notJson()
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw HttpError.notJson()
  return value as JsonObject
}

/** @throws {RangeError} nested deeper than {@link MAX_DEPTH}, where recursion over what was read would exhaust the stack */
function hasInexactNumber(value: object, depth = 1): boolean {
  if (depth > MAX_DEPTH) throw new RangeError('nested too deeply')
  let found = false
  for (const member of Object.values(value))
    if (typeof member === 'number') found ||= !Number.isSafeInteger(member)
    else if (typeof member === 'object' && member !== null) found = hasInexactNumber(member, depth + 1) || found
  return found
}
