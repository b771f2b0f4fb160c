import { parseExactJson } from '@w3bstream/protocol'
import { HttpError } from '../errors/HttpError.ts'

/** A JSON object whose members are yet to be looked at. */
export type JsonObject = Readonly<Record<string, unknown>>

/**
 * Parses a body that has to be a JSON object. Integers beyond 2^53 come as `bigint`, digit for digit.
 * @throws {HttpError} 400
 */
export function parseBody(text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
    // Reading the source of numbers is several times slower, and hardly ever needed.
    if (hasInexactNumber(value)) value = parseExactJson(text)
  } catch {
    throw HttpError.notJson()
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw HttpError.notJson()
  return value as JsonObject
}

/** Looks two levels deep, which is as deep as our requests have numbers: a batch's messages. */
function hasInexactNumber(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  for (const member of Object.values(value)) {
    if (typeof member === 'number' && !Number.isSafeInteger(member)) return true
    if (Array.isArray(member)) for (const item of member) if (hasInexactNumber(item)) return true
  }
  return false
}
