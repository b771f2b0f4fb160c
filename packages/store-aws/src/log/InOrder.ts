/** Runs work in parallel, so much at once, but what names a common item one after the other, in the order in which it was added. */
export class InOrder {
  readonly #last = new Map<string, Promise<void>>()
  readonly #all: Promise<void>[] = []
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(atOnce: number) {
    this.#free = atOnce
  }

  add(items: readonly string[], work: () => Promise<void>): void {
    const before = items.map((item) => this.#last.get(item)).filter((one) => one !== undefined)
    const done = Promise.all(before).then(() => this.#limited(work))
    for (const item of items) this.#last.set(item, done)
    this.#all.push(done)
  }

  /** Resolves when all of it is over, and only then tells of the first failure; what waited for that was not begun. */
  async done(): Promise<void> {
    for (const outcome of await Promise.allSettled(this.#all)) if (outcome.status === 'rejected') throw outcome.reason
  }

  async #limited(work: () => Promise<void>): Promise<void> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#free--
    try {
      await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}
