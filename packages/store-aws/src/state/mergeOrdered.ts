/**
 * Joins sources that are each in order into one that is.
 * @param before whether an item comes before another
 */
export async function* mergeOrdered<T>(
  sources: readonly AsyncIterable<T>[],
  before: (a: T, b: T) => boolean,
): AsyncGenerator<T> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]())
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()))
    for (;;) {
      let first: { readonly value: T; readonly index: number } | null = null
      for (const [index, head] of heads.entries())
        if (head.done !== true && (first === null || before(head.value, first.value)))
          first = { value: head.value, index }
      if (first === null) return
      yield first.value
      const next = await iterators[first.index]?.next()
      if (next !== undefined) heads[first.index] = next
    }
  } finally {
    await Promise.all(iterators.map((iterator) => iterator.return?.()))
  }
}
