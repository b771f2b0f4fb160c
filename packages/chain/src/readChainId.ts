import { W3bError } from '@w3bstream/protocol'
import { openJsonRpc } from './openJsonRpc.ts'

/** What was named as a chain's endpoint does not answer as one. Only its host is told: the rest may hold a key. */
export class NotAChainError extends W3bError {
  override readonly name = 'NotAChainError'
  constructor(p: { endpoint: string; cause: unknown }) {
    const reason = p.cause instanceof Error ? p.cause.message : String(p.cause)
    super('CHAIN_UNAVAILABLE', `${p.endpoint} does not answer as a chain: ${reason}`, {
      status: 503,
      hint: 'Check the address that --rpc or W3B_RPC gives.',
      meta: { endpoint: p.endpoint },
      cause: p.cause,
    })
  }
}

/** @param url http(s) or ws(s), of whom the reader trusts. @throws {NotAChainError} */
export async function readChainId(url: string, timeoutMs = 10_000): Promise<bigint> {
  const rpc = openJsonRpc(url, 4_096)
  try {
    return BigInt(String(await rpc.request('eth_chainId', [], timeoutMs)))
  } catch (cause) {
    throw new NotAChainError({ endpoint: rpc.name, cause })
  } finally {
    rpc.close()
  }
}
