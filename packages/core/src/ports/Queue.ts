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

/**
 * At-least-once hints naming durable state; never the source of truth. Whoever receives one looks the state up: a hint may come twice, late, or
 * earlier than a long delay says. Times may be rounded up, to whole seconds at most.
 */
export interface Queue {
  /** Durable when it resolves. Equal hints may be merged into one. @throws {InvalidInputError} empty or too large {StoreUnavailableError} */
  send(body: string, options?: { readonly delayMs?: number }): Promise<void>
  /**
   * Up to `max` hints, fewer where the store gives fewer at a time, hidden from others for `visibilityMs`; waits up to `waitMs` for the first.
   * `signal` ends the wait with nothing; hints that arrive in that moment are given back, which counts as a delivery.
   */
  receive(p: {
    readonly max: number
    readonly visibilityMs: number
    readonly waitMs: number
    readonly signal?: AbortSignal
  }): Promise<Delivery[]>
  /** Done with it. A handle that was followed by another delivery is ignored, here as below. */
  ack(handle: string): Promise<void>
  extend(handle: string, visibilityMs: number): Promise<void>
  /** Gives it back, to be received again after a delay. */
  retry(handle: string, delayMs: number): Promise<void>
  /** Gives it up with its reason, of which a long one may be cut. */
  bury(handle: string, reason: string): Promise<void>
  /** The latest first, as far as the store can tell. Also hints that the store itself gave up after too many deliveries. */
  deadLetters(limit: number): Promise<DeadLetter[]>
  /** Sends a dead letter again. @returns false where there is none */
  redrive(id: string): Promise<boolean>
  /** Hints that wait or are in flight; it may lag behind a little. */
  depth(): Promise<number>
}
