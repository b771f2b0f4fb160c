import { ChainUnavailableError, DestinationRefusedError } from '@w3bstream/protocol'
import type { Abi } from 'viem'
import type { Call, ChainClient } from './ChainClient.ts'
import { callFailure } from './callFailure.ts'
import type { Revert } from './decodeRevert.ts'
import { RpcError } from './RpcError.ts'

/** A call would revert. */
export interface WouldRevert {
  readonly type: 'reverts'
  readonly revert: Revert
}

/**
 * Runs a call without sending it.
 * @param gas the most that it may use
 * @returns the gas that it needs, or why it reverts
 * @throws {DestinationRefusedError} it needs more than `gas` @throws {ChainUnavailableError}
 */
export async function estimateCall(
  chain: ChainClient,
  call: Call & { readonly gas: bigint },
  abis: readonly Abi[] = [],
): Promise<{ readonly type: 'gas'; readonly gas: bigint } | WouldRevert> {
  try {
    const gas = await chain.estimateGas(call)
    // Some endpoints look for more than they were allowed.
    if (gas > call.gas) throw tooMuchGas(call)
    return { type: 'gas', gas }
  } catch (error) {
    if (!(error instanceof RpcError)) throw error
    return explain(chain, call, error, abis)
  }
}

async function explain(
  chain: ChainClient,
  call: Call & { readonly gas: bigint },
  error: RpcError,
  abis: readonly Abi[],
): Promise<WouldRevert> {
  if (/out of ?gas|exceeds allowance|exceeds the (?:block|transaction) gas/i.test(error.message)) throw tooMuchGas(call)
  if (error.data !== null || (error.reverted && /reason string/.test(error.message)))
    return { type: 'reverts', revert: callFailure(error, abis) }
  // Some endpoints keep the revert data of an estimate to themselves: a plain call tells.
  try {
    await chain.call(call)
  } catch (again) {
    if (!(again instanceof RpcError)) throw again
    if (/out of ?gas/i.test(again.message)) throw tooMuchGas(call)
    if (again.reverted) return { type: 'reverts', revert: callFailure(again, abis) }
    throw new ChainUnavailableError({ chainId: chain.chainId, reason: again.message, cause: again })
  }
  if (error.reverted) return { type: 'reverts', revert: callFailure(error, abis) }
  throw new ChainUnavailableError({ chainId: chain.chainId, reason: error.message, cause: error })
}

function tooMuchGas(call: Call & { readonly gas: bigint }): DestinationRefusedError {
  return new DestinationRefusedError({
    destination: `contract ${call.to}`,
    reason: `it needs more than the ${call.gas} gas that a task may use`,
  })
}
