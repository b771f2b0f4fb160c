import { ChainUnavailableError } from '@w3bstream/protocol'
import type { ChainClient } from './ChainClient.ts'
import { RpcError } from './RpcError.ts'

/**
 * Reads what a well chain always answers: an endpoint's own refusal then says that the chain cannot be read now, and nothing of what was asked.
 * @throws {ChainUnavailableError}
 */
export async function readable<T>(chain: ChainClient, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof RpcError)) throw error
    throw new ChainUnavailableError({ chainId: chain.chainId, reason: error.message, cause: error })
  }
}
