import type { Allotment } from '@w3bstream/core'
import type { Domain } from '@w3bstream/protocol'
import type { TestRoad } from './TestRoad.ts'

/** What a suite may ask of a host; the rest is at its defaults, quotas out of the way. */
export interface HttpHostOptions {
  readonly quotas?: {
    readonly perAddress?: Allotment
    readonly perProject?: Allotment
    readonly perToken?: Allotment
  }
  /** Messages in one batch. */
  readonly maxBatch?: number
  /** Milliseconds after which event streams end. */
  readonly streamMs?: number
}

/** The application as its callers meet it, on whatever runs it. */
export interface HttpHost {
  /** Its address, such as `http://127.0.0.1:9000`. */
  readonly origin: string
  /** Of what devices sign. */
  readonly domain: Domain
  /** What callers do not do: projects, tokens, and the steps of tasks. */
  readonly road: TestRoad
  /** Whether a post of the later API packs what it filled. */
  readonly packsOnPost: boolean
  fetch(request: Request): Promise<Response>
  stop(): Promise<void>
}

/** Starts a host of its own for each call. */
export type MakeHttpHost = (options?: HttpHostOptions) => Promise<HttpHost>
