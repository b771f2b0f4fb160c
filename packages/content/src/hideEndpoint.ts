import { ContentUnavailableError } from '@w3bstream/protocol'

/** Reasons that are about the content or the time alone; whatever else an endpoint answers may tell of the operator's network or keys. */
const HARMLESS = new RegExp(
  [
    '^HTTP [0-9]{3}(?=$|: )',
    '^it took longer than [0-9]+ ms$',
    '^it is larger than [0-9]+ bytes$',
    '^the gateway gave other bytes than the block has$',
    '^only blocks named by sha2-256 can be checked$',
    '^it stored the bytes as (?:[0-9A-Za-z]{1,100}|nothing that it names), not as [0-9A-Za-z]+$',
  ].join('|'),
)

/**
 * Asks an endpoint of the operator's own, whose address and words are not for those who ask for content.
 * @param name what errors call it, such as `the operator's gateway`; what really happened is their cause
 * @param content the CID that is asked for: failures that name it are the content's, and stay as they are
 * @throws {ContentUnavailableError}
 */
export async function hideEndpoint<T>(name: string, content: string | null, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof ContentUnavailableError) || error.meta.uri === content) throw error
    const reason = HARMLESS.exec(String(error.meta.reason))?.[0] ?? 'it gave no answer that can be used'
    throw new ContentUnavailableError({ uri: name, reason, retryable: error.retryable, cause: error })
  }
}
