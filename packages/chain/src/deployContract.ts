import type { Address } from '@w3bstream/protocol'
import { type Abi, type EncodeDeployDataParameters, encodeDeployData } from 'viem'
import { TransactionFailedError } from './TransactionFailedError.ts'
import { type Operator, transact } from './transact.ts'

/** @returns the new contract's address. @throws {TransactionFailedError} @throws {ChainUnavailableError} */
export async function deployContract<const abi extends Abi>(
  operator: Operator,
  name: string,
  parameters: EncodeDeployDataParameters<abi>,
): Promise<Address> {
  const what = `Deploying ${name}`
  const { contractAddress } = await transact(operator, what, { to: null, data: encodeDeployData(parameters) })
  if (contractAddress === null) throw new TransactionFailedError({ what, reason: 'the receipt names no contract' })
  return contractAddress
}
