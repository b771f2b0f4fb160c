import type { Signer } from '@w3bstream/core/ports'
import type { Address, Hex } from '@w3bstream/protocol'
import type { ChainClient, TransactionReceipt } from './ChainClient.ts'
import { callFailure } from './callFailure.ts'
import { quoteFees } from './quoteFees.ts'
import { RpcError } from './RpcError.ts'
import { signTransaction } from './signTransaction.ts'
import { TransactionFailedError } from './TransactionFailedError.ts'

/** An account that acts for a person: deploys, registers, binds. Never the settlement account, whose nonces are the sender's. */
export interface Operator {
  readonly chain: ChainClient
  readonly signer: Signer
}

/**
 * Sends one transaction and waits until it is mined.
 * @param what for people, such as `Registering the project`
 * @param to null deploys `data`
 * @throws {TransactionFailedError} @throws {ChainUnavailableError}
 */
export async function transact(
  operator: Operator,
  what: string,
  call: { readonly to: Address | null; readonly data: Hex },
  timeoutMs = 60_000,
): Promise<TransactionReceipt> {
  const { chain, signer } = operator
  const fail = (reason: string, transaction?: string) =>
    new TransactionFailedError({ what, reason, ...(transaction === undefined ? {} : { transaction }) })
  try {
    const gas = await chain.estimateGas({ from: signer.address, ...call })
    const fees = await quoteFees(chain)
    if (fees === null) throw fail(`gas costs more than the ceiling of ${chain.preset.maxFeePerGas} wei`)
    const nonce = await chain.transactionCount(signer.address, 'pending')
    const { raw, hash } = await signTransaction(signer, chain.preset, { ...call, gas: gas + gas / 5n }, nonce, fees)
    await chain.broadcast(raw)
    const deadline = Date.now() + timeoutMs
    while (Date.now() < deadline) {
      const receipt = await chain.receipt(hash)
      if (receipt?.success === true) return receipt
      if (receipt !== null) throw fail('it reverted', hash)
      await new Promise((resolve) => setTimeout(resolve, Math.min(250, chain.preset.blockTimeMs)))
    }
    throw fail(`it was not mined within ${timeoutMs} ms`, hash)
  } catch (error) {
    if (error instanceof RpcError) throw fail(callFailure(error).reason)
    throw error
  }
}
