/** Longest text that a log line says of one thing. */
const MAX_TEXT = 2_000

/** Fields of a log line with long texts cut, and bigints as digits: a line never fails, nor fills the log. */
export function boundFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, bound(value)]))
}

function bound(value: unknown): unknown {
  switch (typeof value) {
    case 'number':
    case 'boolean':
    case 'undefined':
      return value
    case 'string':
      return value.slice(0, MAX_TEXT)
    case 'object':
      if (value === null) return value
      return value instanceof Error
        ? String(value).slice(0, MAX_TEXT)
        : JSON.stringify(value, plain)?.slice(0, MAX_TEXT)
    default:
      return String(value).slice(0, MAX_TEXT)
  }
}

const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value)
