import { InvalidInputError } from './errors/InvalidInputError.ts'
import { memberTexts } from './memberTexts.ts'
import type { InputField } from './Project.ts'
import { scaledInteger } from './scaledInteger.ts'

/**
 * Reads the declared fields of one payload, a JSON object; its other fields are not looked at.
 *
 * @returns `u = value x 10^scale - min` for each field, in the order of the declaration
 * @throws {InvalidInputError} naming the field that is missing, there twice, no number, not exact at its scale, or out of its bounds
 */
export function readInputFields(fields: readonly InputField[], payload: string): bigint[] {
  const texts = memberTexts(payload, new Set(fields.map((field) => field.name)))
  if (texts === null)
    throw new InvalidInputError({
      field: 'payload',
      problem: 'has to be a JSON object',
      hint: `This project takes the fields ${fields.map((field) => field.name).join(', ')}.`,
    })
  return fields.map(({ name, scale, min, max }) => {
    const [text, again] = texts.get(name) ?? []
    const field = `payload.${name}`
    if (text === undefined) throw new InvalidInputError({ field, problem: 'is missing' })
    if (again !== undefined) throw new InvalidInputError({ field, problem: 'is there twice' })
    const value = scaledInteger(text, scale, field)
    if (value < min || value > max)
      throw new InvalidInputError({
        field,
        problem: `has to lie between ${decimal(min, scale)} and ${decimal(max, scale)}`,
      })
    return value - min
  })
}

/** `scaled` / 10^scale in decimal digits. */
function decimal(scaled: bigint, scale: number): string {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(scale + 1, '0')
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, digits.length - scale)}${fraction && `.${fraction}`}`
}
