/** The middle one of the items by `of`, the lower of two. @throws {RangeError} when there is none */
export function median<T>(items: readonly T[], of: (item: T) => number): T {
  const sorted = [...items].sort((a, b) => of(a) - of(b))
  const middle = sorted[(sorted.length - 1) >> 1]
  if (middle === undefined) throw new RangeError('nothing was measured')
  return middle
}
