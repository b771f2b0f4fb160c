import { InvalidInputError } from '@w3bstream/protocol'

/** A string that may not be empty, which is the original's missing one. @throws {InvalidInputError} */
export function olderText(value: unknown, field: string, maxLength?: number): string {
  if (value === undefined || value === '') throw new InvalidInputError({ field, problem: 'is missing' })
  if (typeof value !== 'string') throw new InvalidInputError({ field, problem: 'has to be a string' })
  if (maxLength !== undefined && value.length > maxLength)
    throw new InvalidInputError({ field, problem: `has to be at most ${maxLength} characters` })
  return value
}
