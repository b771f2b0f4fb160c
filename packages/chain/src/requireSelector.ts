import { riscZeroGroth16VerifierAbi, riscZeroVerifierRouterAbi } from '@w3bstream/contracts'
import { type Address, type Hex, InvalidInputError } from '@w3bstream/protocol'
import { encodeFunctionData } from 'viem'
import type { ChainClient } from './ChainClient.ts'
import { callFailure } from './callFailure.ts'
import { RpcError } from './RpcError.ts'

/**
 * Refuses a contract that does not verify RISC Zero receipts of this selector: neither as its verifier, nor as a router that has one already. A
 * router that gets one later would let its owner choose it after a dApp approved the guest.
 * @param selector 4 bytes
 * @throws {InvalidInputError} @throws {ChainUnavailableError}
 */
export async function requireSelector(chain: ChainClient, contract: Address, selector: Hex): Promise<void> {
  const own = await ask(
    chain,
    contract,
    encodeFunctionData({ abi: riscZeroGroth16VerifierAbi, functionName: 'SELECTOR' }),
  )
  if (typeof own === 'string' && own !== '0x') {
    if (own.startsWith(selector.toLowerCase())) return
    throw refusal(contract, `verifies receipts of the selector ${own.slice(0, 10)}, not of ${selector}`)
  }
  const data = encodeFunctionData({ abi: riscZeroVerifierRouterAbi, functionName: 'getVerifier', args: [selector] })
  const routed = await ask(chain, contract, data)
  if (typeof routed === 'string' && BigInt(routed === '0x' ? 0 : routed) !== 0n) return
  const reason = typeof routed === 'string' ? 'neither a verifier nor a router' : callFailure(routed).reason
  throw refusal(contract, `does not verify RISC Zero receipts of the selector ${selector}: ${reason}`)
}

async function ask(chain: ChainClient, to: Address, data: Hex): Promise<Hex | RpcError> {
  try {
    return await chain.call({ to, data, gas: 100_000n })
  } catch (error) {
    if (error instanceof RpcError) return error
    throw error
  }
}

function refusal(contract: Address, problem: string): InvalidInputError {
  return new InvalidInputError({
    field: `the contract ${contract}`,
    problem,
    hint: 'A deployment’s own are riscZeroRouter and riscZeroVerifier in its deployment.json.',
    status: 422,
  })
}
