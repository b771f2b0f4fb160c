import type { Delivered } from '@w3bstream/core/ports'
import { ChainUnavailableError } from '@w3bstream/protocol'

/** @returns a failed delivery's answer for its tasks: a chain that is away is a reason to wait, anything else is the error itself */
export function chainAway(error: unknown): Delivered | Error {
  if (error instanceof ChainUnavailableError) return { type: 'waiting', reason: error.message, retryAfterMs: 5_000 }
  return error instanceof Error ? error : new Error(String(error))
}
