import type { IngestOutcome, IngestRequest, W3bstream } from '@w3bstream/core'
import { HttpError } from './errors/HttpError.ts'

interface Waiting {
  readonly request: IngestRequest
  readonly resolve: (outcome: IngestOutcome) => void
  readonly reject: (error: unknown) => void
}

/** Requests in one call of `ingest`. */
const MAX_CALL = 1_000

/** Joins the posts of one turn of the event loop into one call of `ingest`, and bounds how many wait. */
export class IngestQueue {
  readonly #w3b: Pick<W3bstream, 'ingest'>
  readonly #maxWaiting: number
  readonly #coalesce: boolean
  #queue: Waiting[] = []
  #inFlight = 0

  constructor(
    modules: { readonly w3b: Pick<W3bstream, 'ingest'> },
    options: { readonly maxWaiting: number; readonly coalesce: boolean },
  ) {
    this.#w3b = modules.w3b
    this.#maxWaiting = options.maxWaiting
    this.#coalesce = options.coalesce
  }

  /** Resolves when the message is durable or refused. @throws {HttpError} 503 @throws {StoreUnavailableError} */
  one(request: IngestRequest): Promise<IngestOutcome> {
    if (this.#inFlight >= this.#maxWaiting) throw HttpError.overloaded('messages')
    this.#inFlight++
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject })
      if (this.#queue.length === MAX_CALL || !this.#coalesce) this.#flush()
      else if (this.#queue.length === 1) setImmediate(this.#flush)
    })
  }

  /** {@link one} for several, which stay one call. */
  async many(requests: readonly IngestRequest[]): Promise<IngestOutcome[]> {
    if (requests.length === 0) return []
    if (this.#inFlight >= this.#maxWaiting) throw HttpError.overloaded('messages')
    this.#inFlight += requests.length
    try {
      return await this.#w3b.ingest(requests)
    } finally {
      this.#inFlight -= requests.length
    }
  }

  readonly #flush = (): void => {
    const waiting = this.#queue
    if (waiting.length === 0) return
    this.#queue = []
    // A project whose file is slow to come must not keep the others' messages waiting: each has a call of its own, and one commit has them all.
    for (const group of Map.groupBy(waiting, ({ request }) => request.projectId).values()) this.#ingest(group)
  }

  #ingest(waiting: readonly Waiting[]): void {
    this.#w3b
      .ingest(waiting.map((one) => one.request))
      .then(
        (outcomes) => {
          for (const [i, { resolve, reject }] of waiting.entries()) {
            const outcome = outcomes[i]
            if (outcome === undefined) reject(new Error('ingest gave fewer outcomes than it got requests'))
            else resolve(outcome)
          }
        },
        (error: unknown) => {
          for (const { reject } of waiting) reject(error)
        },
      )
      .finally(() => {
        this.#inFlight -= waiting.length
      })
  }
}
