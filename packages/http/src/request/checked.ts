import { InvalidInputError } from '@w3bstream/protocol'
import type { z } from 'zod'

/** Parses by a schema, for requests that are not many. @throws {InvalidInputError} naming the first field that is wrong */
export function checked<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const extra = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const field = [...(issue?.path ?? []), ...(extra === undefined ? [] : [extra])].join('.').slice(0, 64)
  const problem = extra === undefined ? `is not valid: ${issue?.message ?? 'wrong form'}` : 'is not a field of this'
  throw new InvalidInputError({ field: field || 'The body', problem })
}
