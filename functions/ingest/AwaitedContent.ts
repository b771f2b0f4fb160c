import type { Content } from '@w3bstream/core'
import { ContentUnavailableError } from '@w3bstream/protocol'

/** Seconds in which a file that was just registered is most likely there. */
const RETRY_AFTER_S = 15

/** A project file that was registered and is still to be fetched by the unit that follows the chain. */
class FileAwaitedError extends ContentUnavailableError {
  override readonly status = 503
  override readonly retryAfterS = RETRY_AFTER_S
  override readonly hint = 'It was registered lately; send the same message again.'
}

/**
 * Content of a unit that fetches nothing: what project owners publish is fetched, checked and stored by the unit that follows the chain, so that their
 * addresses are never asked from where requests come in.
 */
export class AwaitedContent implements Content {
  async fetch(uri: string): Promise<Uint8Array> {
    throw new FileAwaitedError({ uri, reason: 'this deployment has not fetched it yet' })
  }

  async publish(): Promise<string> {
    throw new ContentUnavailableError({ uri: 'publishing', reason: 'nothing is published from here', retryable: false })
  }
}
