import type { Abi } from 'viem'
import { decodeRevert, type Revert } from './decodeRevert.ts'
import type { RpcError } from './RpcError.ts'

/** What an endpoint's answer to a failed call means: the decoded revert, or the endpoint's own words where it ran out of gas or funds. */
export function callFailure(error: RpcError, abis: readonly Abi[] = []): Revert {
  if (error.data !== null && error.data !== '0x') return decodeRevert(error.data, abis)
  const words = error.message.replace(/\p{C}/gu, ' ').slice(0, 300)
  // Endpoints that return no data quote `Error(string)` in their message.
  const quoted = /revert(?:ed)?(?: with reason string)?:? ['"]?(.+?)['"]?$/i.exec(words)?.[1]
  return { name: null, args: [], reason: quoted ?? words }
}
