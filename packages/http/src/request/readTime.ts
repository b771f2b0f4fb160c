import { InvalidInputError } from '@w3bstream/protocol'

/**
 * Reads an RFC 3339 time that has to lie in the future.
 * @returns milliseconds since the epoch
 * @throws {InvalidInputError}
 */
export function readTime(value: string, field: string, nowMs: number): number {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i.test(value)
    ? Date.parse(value)
    : Number.NaN
  if (Number.isNaN(at)) throw new InvalidInputError({ field, problem: 'has to be a time such as 2030-01-31T12:00:00Z' })
  if (at <= nowMs) throw new InvalidInputError({ field, problem: 'has to lie in the future' })
  return at
}
