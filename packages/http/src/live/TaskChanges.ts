import type { LiveEvent, Telemetry, W3bstream } from '@w3bstream/core'

/** A view's interest in the steps of some tasks. */
export interface Watch extends Disposable {
  /** Resolves at once where a step was taken since the last call, else at the next one, after `timeoutMs`, or when `signal` aborts. */
  changed(timeoutMs: number, signal: AbortSignal): Promise<void>
}

interface Watcher {
  readonly matches: (event: LiveEvent) => boolean
  wake: () => void
}

/**
 * Tells many views that something happened, over one subscription. A step is a hint to read the store again, never the news itself: whoever waits also
 * looks again after a timeout.
 */
export class TaskChanges {
  readonly #w3b: Pick<W3bstream, 'events'>
  readonly #telemetry: Telemetry
  readonly #watchers = new Set<Watcher>()
  readonly #follows: boolean
  #stop: AbortController | null = null

  /** @param options.follow Default true; false: timeouts alone, where views may share nothing */
  constructor(
    modules: { readonly w3b: Pick<W3bstream, 'events'>; readonly telemetry: Telemetry },
    options: { readonly follow?: boolean } = {},
  ) {
    this.#w3b = modules.w3b
    this.#telemetry = modules.telemetry
    this.#follows = options.follow ?? true
  }

  watch(matches: (event: LiveEvent) => boolean): Watch {
    let changed = false
    let notify = (): void => {}
    const watcher = {
      matches,
      wake: () => {
        changed = true
        notify()
      },
    }
    this.#watchers.add(watcher)
    if (this.#follows && this.#stop === null) this.#follow()
    return {
      changed: (timeoutMs, signal) =>
        new Promise((resolve) => {
          const done = (): void => {
            clearTimeout(timer)
            signal.removeEventListener('abort', done)
            notify = () => {}
            changed = false
            resolve()
          }
          const timer = setTimeout(done, timeoutMs)
          signal.addEventListener('abort', done)
          notify = done
          if (changed || signal.aborted) done()
        }),
      [Symbol.dispose]: () => {
        this.#watchers.delete(watcher)
        if (this.#watchers.size > 0) return
        this.#stop?.abort()
        this.#stop = null
      },
    }
  }

  #follow(): void {
    const stop = new AbortController()
    this.#stop = stop
    const read = async (): Promise<void> => {
      for await (const event of this.#w3b.events({ lastId: null, signal: stop.signal }))
        for (const watcher of this.#watchers) if (watcher.matches(event)) watcher.wake()
    }
    read()
      // Views go on by their timeouts.
      .catch((error: unknown) => this.#telemetry.log('warn', 'live events ended', { error: String(error) }))
      .finally(() => {
        if (this.#stop === stop) this.#stop = null
      })
  }
}
