/**
 * A number of places for work, shared fairly among owners: they are served in turn, and none but a sole place's holder may have all places, so that
 * one owner's endless work leaves the others a place.
 */
export class FairSlots {
  readonly #places: number
  readonly #share: number
  readonly #maxWaiting: number
  readonly #running = new Map<string, number>()
  readonly #waiting = new Map<string, (() => void)[]>()
  #busy = 0

  /** @param maxWaiting entries of one owner that wait here; more are turned away */
  constructor(places: number, maxWaiting: number) {
    this.#places = places
    this.#share = Math.max(1, places - 1)
    this.#maxWaiting = maxWaiting
  }

  /** @returns gives the place back; or null, at once, where too many of the owner's wait */
  async take(owner: string): Promise<(() => void) | null> {
    const queue = this.#waiting.get(owner) ?? []
    if (queue.length >= this.#maxWaiting) return null
    this.#waiting.set(owner, queue)
    const place = new Promise<void>((resolve) => queue.push(resolve))
    this.#serve()
    await place
    return () => {
      this.#busy--
      const left = (this.#running.get(owner) ?? 1) - 1
      if (left === 0) this.#running.delete(owner)
      else this.#running.set(owner, left)
      this.#serve()
    }
  }

  #serve(): void {
    while (this.#busy < this.#places) {
      const next = [...this.#waiting].find(([owner]) => (this.#running.get(owner) ?? 0) < this.#share)
      if (next === undefined) return
      const [owner, queue] = next
      const start = queue.shift()
      // Whoever was served goes to the end of the line.
      this.#waiting.delete(owner)
      if (queue.length > 0) this.#waiting.set(owner, queue)
      if (start === undefined) continue
      this.#busy++
      this.#running.set(owner, (this.#running.get(owner) ?? 0) + 1)
      start()
    }
  }
}
