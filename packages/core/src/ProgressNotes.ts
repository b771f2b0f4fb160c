import type { ProveProgress } from './ports/Runtime.ts'

export interface ProgressNotesOptions {
  /** How long a proof lasts before anything of it is written: most are over by then. Default 1,000. */
  readonly firstMs?: number
  /** Least time between two lines, at first. Default 5,000. */
  readonly everyMs?: number
  /** Most lines, the last of which is the end's. Default 20. */
  readonly most?: number
}

/** Lines after which the time between two doubles each time, so that the last of them come hours later. */
const STEADY = 10

/**
 * Turns what a runtime tells of a proof into a few lines of its task's state log, such as `proving: 3 of 20 segments`: of a proof that takes a while the
 * first, then now and then the newest, and what was told last. A line that cannot be written is passed over.
 */
export class ProgressNotes {
  readonly #write: (line: string) => Promise<void>
  readonly #firstMs: number
  readonly #everyMs: number
  readonly #most: number
  #newest: string | null = null
  #written: string | null = null
  #lines = 0
  #timer: NodeJS.Timeout | undefined
  /** Lines are written one after the other, so that they stand in their order. */
  #writing: Promise<void> = Promise.resolve()
  #ended = false

  /** @param write stores a line; its failures are its own to tell */
  constructor(write: (line: string) => Promise<void>, options: ProgressNotesOptions = {}) {
    this.#write = write
    this.#firstMs = options.firstMs ?? 1_000
    this.#everyMs = options.everyMs ?? 5_000
    this.#most = options.most ?? 20
    this.#wait(this.#firstMs)
  }

  told(progress: ProveProgress): void {
    if (this.#ended) return
    this.#newest = lineOf(progress)
    if (this.#timer === undefined) this.#next()
  }

  /** Writes what was told last, where lines were written at all, and nothing after that. Resolves when all of it is written. */
  async end(): Promise<void> {
    this.#ended = true
    clearTimeout(this.#timer)
    if (this.#lines > 0) this.#put()
    await this.#writing
  }

  /** Writes the newest line, if there is one, and starts the time until the next may be. */
  #next(): void {
    this.#timer = undefined
    // The last line is the end's.
    if (this.#lines >= this.#most - 1 || !this.#put()) return
    this.#wait(this.#everyMs * 2 ** Math.max(0, this.#lines - STEADY))
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#next(), ms)
    this.#timer.unref()
  }

  #put(): boolean {
    const line = this.#newest
    if (line === null || line === this.#written) return false
    this.#written = line
    this.#lines++
    this.#writing = this.#writing.then(() => this.#write(line)).catch(() => {})
    return true
  }
}

function lineOf({ phase, done, planned }: ProveProgress): string {
  if (phase !== 'proving' || planned <= 1) return phase
  return `${phase}: ${done} of ${planned} segments`
}
