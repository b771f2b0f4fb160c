import type { Signer } from '@w3bstream/core/ports'
import { type Address, type Hash, type Hex, hash, W3bError } from '@w3bstream/protocol'
import { keccak256, serializeTransaction, type TransactionSerializable } from 'viem'
import type { ChainPreset } from './ChainPreset.ts'
import type { Fees } from './quoteFees.ts'
import { recoverAddress } from './recoverAddress.ts'

/** What a transaction does; no transaction of ours carries value. */
export interface TransactionCall {
  /** Null deploys `data`. */
  readonly to: Address | null
  readonly data: Hex
  readonly gas: bigint
}

/** @returns the signed bytes and their hash. @throws {W3bError} `SIGNER_FAULT` when the signer signed with another key */
export async function signTransaction(
  signer: Signer,
  preset: ChainPreset,
  call: TransactionCall,
  nonce: number,
  fees: Omit<Fees, 'expected'>,
): Promise<{ readonly raw: Hex; readonly hash: Hash }> {
  const transaction = serializable(preset, call, nonce, fees)
  const digest = hash(keccak256(serializeTransaction(transaction)))
  const signature = await signer.sign(digest)
  if (recoverAddress(digest, signature) !== signer.address)
    throw new W3bError('SIGNER_FAULT', `The signer of ${signer.address} signed with another key.`)
  const even = signature.endsWith('1b')
  const raw = serializeTransaction(transaction, {
    r: `0x${signature.slice(2, 66)}`,
    s: `0x${signature.slice(66, 130)}`,
    v: even ? 27n : 28n,
    yParity: even ? 0 : 1,
  })
  return { raw, hash: hash(keccak256(raw)) }
}

function serializable(
  preset: ChainPreset,
  call: TransactionCall,
  nonce: number,
  fees: Omit<Fees, 'expected'>,
): TransactionSerializable {
  const common = { chainId: Number(preset.chainId), nonce, to: call.to, data: call.data, gas: call.gas, value: 0n }
  if (preset.feeMode === 'legacy') return { ...common, type: 'legacy', gasPrice: fees.maxFeePerGas }
  return {
    ...common,
    type: 'eip1559',
    maxFeePerGas: fees.maxFeePerGas,
    maxPriorityFeePerGas: fees.maxPriorityFeePerGas,
  }
}
