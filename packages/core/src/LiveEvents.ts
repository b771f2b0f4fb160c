import type { ProjectId, StateLogEntry, TaskId } from '@w3bstream/protocol'
import type { TaskStore } from './ports/TaskStore.ts'
import type { LiveEvent } from './W3bstream.ts'

/** Remembers the last task steps and hands them on as they happen: for live views, never for delivery. */
export class LiveEvents {
  readonly #kept: LiveEvent[] = []
  readonly #listeners = new Set<() => void>()
  readonly #keep: number
  readonly #unwatch: () => void
  /** Ids of an earlier run must not be taken for this one's. */
  readonly #run = Date.now().toString(36)
  #next = 1

  /** @param keep events remembered for a client that comes back */
  constructor(tasks: TaskStore, keep = 10_000) {
    this.#keep = keep
    this.#unwatch = tasks.watch((taskId, entry, projectId) => this.#add(taskId, entry, projectId))
  }

  /** Remembered events after `lastId`, then new ones, until the signal aborts. An unknown id starts with all that are remembered. */
  async *read(lastId: string | null, signal: AbortSignal): AsyncIterable<LiveEvent> {
    let after = lastId === null ? this.#next - 1 : this.#parse(lastId)
    while (!signal.aborted) {
      // Ids are consecutive, so a place in the list follows from an id.
      const first = this.#next - this.#kept.length
      const due = this.#kept.slice(Math.max(0, after + 1 - first))
      for (const event of due) {
        if (signal.aborted) return
        after = this.#parse(event.id)
        yield event
      }
      if (due.length === 0) await this.#more(signal)
    }
  }

  close(): void {
    this.#unwatch()
  }

  #add(taskId: TaskId, entry: StateLogEntry, projectId: ProjectId): void {
    this.#kept.push({ id: `${this.#run}-${this.#next++}`, taskId, projectId, entry })
    if (this.#kept.length > 2 * this.#keep) this.#kept.splice(0, this.#kept.length - this.#keep)
    for (const wake of this.#listeners) wake()
  }

  #parse(id: string): number {
    const [run, number] = id.split('-')
    const parsed = Number(number)
    return run === this.#run && Number.isSafeInteger(parsed) ? parsed : 0
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#listeners.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#listeners.add(done)
      signal.addEventListener('abort', done)
      if (signal.aborted) done()
    })
  }
}
