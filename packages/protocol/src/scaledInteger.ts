import { InvalidInputError } from './errors/InvalidInputError.ts'

const NUMBER = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/

/**
 * A JSON number's source text times 10^scale, exact: no float is involved. `12.80` at scale 1 is 128, `1.28e1` too, and `12.85` is refused.
 *
 * @param field names the number in the error
 * @throws {InvalidInputError} when it is no JSON number, has more decimal places than the scale, or more than 38 digits
 */
export function scaledInteger(text: string, scale: number, field: string): bigint {
  const [, sign, whole, fraction = '', exponent = '0'] = NUMBER.exec(text) ?? []
  if (whole === undefined) throw new InvalidInputError({ field, problem: 'has to be a JSON number' })
  const digits = whole + fraction
  let end = digits.length
  // No regular expression: one that looks for zeros before the end takes time in the square of their number.
  while (digits[end - 1] === '0') end--
  const kept = digits.slice(0, end)
  const significant = kept.replace(/^0+/, '')
  if (significant === '') return 0n
  const shift = Number(exponent) + scale + (digits.length - kept.length) - fraction.length
  if (shift < 0)
    throw new InvalidInputError({ field, problem: `has more decimal places than the ${scale} that its project takes` })
  if (significant.length + shift > 38) throw new InvalidInputError({ field, problem: 'is too large' })
  const magnitude = BigInt(significant) * 10n ** BigInt(shift)
  return sign === '-' ? -magnitude : magnitude
}
