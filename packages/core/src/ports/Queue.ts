/** A hint that was received and not yet acknowledged. */
export interface Delivery {
  readonly body: string
  /** Names this delivery; a later delivery of the same hint has another. */
  readonly handle: string
  /** From 1. */
  readonly receiveCount: number
}

/** A hint that was given up. */
export interface DeadLetter {
  readonly id: string
  readonly body: string
  readonly reason: string
  readonly at: number
}

/** At-least-once hints naming durable state; never the source of truth. */
export interface Queue {
  send(body: string, options?: { readonly delayMs?: number }): Promise<void>
  /** Up to `max` hints, hidden from others for `visibilityMs`; waits up to `waitMs` for the first. */
  receive(p: {
    readonly max: number
    readonly visibilityMs: number
    readonly waitMs: number
    readonly signal?: AbortSignal
  }): Promise<Delivery[]>
  /** Done with it. A handle that ran out is ignored. */
  ack(handle: string): Promise<void>
  extend(handle: string, visibilityMs: number): Promise<void>
  /** Gives it back, to be received again after a delay. */
  retry(handle: string, delayMs: number): Promise<void>
  /** Gives it up with its reason. */
  bury(handle: string, reason: string): Promise<void>
  deadLetters(limit: number): Promise<DeadLetter[]>
  /** Sends a dead letter again. @returns false where there is none */
  redrive(id: string): Promise<boolean>
  /** Hints that wait or are in flight. */
  depth(): Promise<number>
}
