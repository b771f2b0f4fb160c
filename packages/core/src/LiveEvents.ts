import type { TaskStore } from './ports/TaskStore.ts'
import type { LiveEvent } from './W3bstream.ts'

/** Steps read at once. */
const PAGE = 500
/** Steps that other processes took are found so often, while somebody listens. */
const POLL_MS = 1_000

/** Hands on task steps as they happen, from the store's feed: for live views, never for delivery. Ids mean the same to every process. */
export class LiveEvents {
  readonly #tasks: Pick<TaskStore, 'feed' | 'watch'>
  readonly #pollMs: number
  readonly #unwatch: () => void
  readonly #listeners = new Set<() => void>()

  constructor(tasks: Pick<TaskStore, 'feed' | 'watch'>, options: { readonly pollMs?: number } = {}) {
    this.#tasks = tasks
    this.#pollMs = options.pollMs ?? POLL_MS
    this.#unwatch = tasks.watch(() => {
      for (const wake of this.#listeners) wake()
    })
  }

  /** Steps after the event `lastId`, then new ones, until the signal aborts. Null, or an id that was never given: from now on. */
  async *read(lastId: string | null, signal: AbortSignal): AsyncIterable<LiveEvent> {
    let stepped = false
    let wake = (): void => {}
    const onStep = (): void => {
      stepped = true
      wake()
    }
    this.#listeners.add(onStep)
    try {
      let after = lastId
      while (!signal.aborted) {
        stepped = false
        const { entries, next } = await this.#tasks.feed(after, PAGE)
        for (const { position, ...event } of entries) {
          if (signal.aborted) return
          yield { id: position, ...event }
        }
        const more = entries.length === PAGE || after === null
        after = next
        if (more || stepped || signal.aborted) continue
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, this.#pollMs)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
          signal.addEventListener('abort', wake, { once: true })
        })
        signal.removeEventListener('abort', wake)
      }
    } finally {
      this.#listeners.delete(onStep)
    }
  }

  close(): void {
    this.#unwatch()
  }
}
