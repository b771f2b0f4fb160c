import { type Address, ChainUnavailableError } from '@w3bstream/protocol'
import {
  type Abi,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
  decodeFunctionResult,
  encodeFunctionData,
} from 'viem'
import type { BlockTag, ChainClient } from './ChainClient.ts'

/**
 * Reads a view function.
 * @throws {RpcError} it reverts @throws {ChainUnavailableError} also where the chain has no such contract, or another
 */
export async function readContract<
  const abi extends Abi,
  name extends ContractFunctionName<abi, 'view' | 'pure'>,
  const args extends ContractFunctionArgs<abi, 'view' | 'pure', name>,
>(
  chain: ChainClient,
  call: { readonly address: Address; readonly abi: abi; readonly functionName: name; readonly args: args },
  at: BlockTag = 'latest',
): Promise<ContractFunctionReturnType<abi, 'view' | 'pure', name, args>> {
  const { abi, functionName, args } = call as unknown as { abi: Abi; functionName: string; args: readonly unknown[] }
  const data = await chain.call({ to: call.address, data: encodeFunctionData({ abi, functionName, args }) }, at)
  if (data === '0x')
    throw new ChainUnavailableError({ chainId: chain.chainId, reason: `there is no contract at ${call.address}` })
  try {
    return decodeFunctionResult({ abi, functionName, args, data }) as ContractFunctionReturnType<
      abi,
      'view' | 'pure',
      name,
      args
    >
  } catch (cause) {
    const reason = `${call.address} does not answer ${functionName} as it should`
    throw new ChainUnavailableError({ chainId: chain.chainId, reason, cause })
  }
}
