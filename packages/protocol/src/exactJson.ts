/**
 * Parses JSON as `JSON.parse` does, except that integers beyond 2^53 come as `bigint`, digit for digit.
 *
 * @throws {SyntaxError}
 */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
    const source = context?.source
    return source !== undefined && /^-?[0-9]+$/.test(source) ? BigInt(source) : value
  })
}

/** Writes what {@link parseExactJson} reads: JSON, with `bigint` as plain digits. Undefined members are left out. */
export function stringifyExactJson(value: unknown): string {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return `[${value.map((item) => stringifyExactJson(item ?? null)).join(',')}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => `${JSON.stringify(name)}:${stringifyExactJson(member)}`)
      .join(',')}}`
  return JSON.stringify(value)
}
