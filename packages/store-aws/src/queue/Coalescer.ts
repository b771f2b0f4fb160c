/** What a batch call took: whether each of its items was done. */
export type Outcomes = readonly (Error | null)[]

interface Waiting<T> {
  readonly item: T
  readonly bytes: number
  readonly done: () => void
  readonly fail: (error: unknown) => void
}

/**
 * Makes one call of what is asked for in the same turn: the first asks for a call at the end of the turn, which takes those that came meanwhile.
 * Each caller learns of its own item alone.
 */
export class Coalescer<T> {
  readonly #call: (items: readonly T[]) => Promise<Outcomes>
  readonly #limit: { readonly count: number; readonly bytes: number }
  #waiting: Waiting<T>[] = []

  constructor(
    call: (items: readonly T[]) => Promise<Outcomes>,
    limit: { readonly count: number; readonly bytes: number },
  ) {
    this.#call = call
    this.#limit = limit
  }

  /** Resolves when the item was done. */
  add(item: T, bytes = 0): Promise<void> {
    return new Promise((done, fail) => {
      if (this.#waiting.length === 0) queueMicrotask(() => this.#flush())
      this.#waiting.push({ item, bytes, done, fail })
    })
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    let batch: Waiting<T>[] = []
    let bytes = 0
    for (const one of waiting) {
      if (batch.length === this.#limit.count || (batch.length > 0 && bytes + one.bytes > this.#limit.bytes)) {
        void this.#send(batch)
        batch = []
        bytes = 0
      }
      batch.push(one)
      bytes += one.bytes
    }
    void this.#send(batch)
  }

  async #send(batch: readonly Waiting<T>[]): Promise<void> {
    try {
      const outcomes = await this.#call(batch.map(({ item }) => item))
      batch.forEach(({ done, fail }, i) => {
        const outcome = outcomes[i]
        if (outcome === null) done()
        else fail(outcome ?? new TypeError('a batch call said nothing of an item'))
      })
    } catch (error) {
      for (const { fail } of batch) fail(error)
    }
  }
}
