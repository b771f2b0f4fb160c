/** Lets one caller in at a time, in the order they came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work)
    this.#last = turn
    // Whoever asked gets the error; the next in line does not.
    turn.catch(() => {})
    return turn
  }
}
