/** JSON with bigints as `{"$": "<decimal>"}`. Keys of one `$` alone are not for other values. */
export const bigintJson = {
  write: (value: unknown): string =>
    JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? { $: field.toString() } : field)),
  /** @param text what `write` made of a T */
  read: <T>(text: string): T =>
    JSON.parse(text, (_, field: unknown) =>
      typeof field === 'object' && field !== null && '$' in field ? BigInt(String(field.$)) : field,
    ) as T,
}
