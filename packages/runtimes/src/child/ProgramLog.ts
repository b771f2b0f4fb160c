const MOST = 4096

/** The last few kilobytes of what a program wrote, for its error message. */
export class ProgramLog {
  #text = ''

  add(text: string): void {
    this.#text = `${this.#text}${text}\n`.slice(-MOST)
  }

  get text(): string {
    return this.#text.trim()
  }
}
