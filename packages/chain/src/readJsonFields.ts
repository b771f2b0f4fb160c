/** A value of a JSON object's field. Numbers keep the text they were written with: 64 bits and more survive. */
export type JsonField =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'number'; readonly source: string }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'other' }

/** @returns the own fields of the JSON object in `text`, or null where it is none */
export function readJsonFields(text: string): ReadonlyMap<string, JsonField> | null {
  let value: unknown
  try {
    value = JSON.parse(text, (_key: string, parsed: unknown, context?: { readonly source?: string }) =>
      typeof parsed === 'number' ? new NumberText(context?.source ?? String(parsed)) : parsed,
    )
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof NumberText) return null
  return new Map(Object.entries(value).map(([name, field]) => [name, fieldOf(field)]))
}

class NumberText {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
}

function fieldOf(value: unknown): JsonField {
  if (typeof value === 'string') return { type: 'text', text: value }
  if (value instanceof NumberText) return { type: 'number', source: value.source }
  if (typeof value === 'boolean') return { type: 'bool', value }
  return { type: 'other' }
}
