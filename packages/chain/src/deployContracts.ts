import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import {
  fleetManagerAbi,
  fleetManagerBytecode,
  nodeRegistryAbi,
  nodeRegistryBytecode,
  projectRegistrarAbi,
  projectRegistrarBytecode,
  proverRegistrarAbi,
  proverRegistrarBytecode,
  verifierRegistryAbi,
  verifierRegistryBytecode,
  w3bstreamSettlementAbi,
  w3bstreamSettlementBytecode,
} from '@w3bstream/contracts'
import { type Address, address, type Hex } from '@w3bstream/protocol'
import { type Abi, type EncodeDeployDataParameters, encodeDeployData } from 'viem'
import type { Contracts } from './Contracts.ts'
import { TransactionFailedError } from './TransactionFailedError.ts'
import { type Operator, transact } from './transact.ts'

/** Where a deployment's contracts are. */
export interface Deployment {
  readonly chainId: bigint
  readonly contracts: Contracts
  /** Nothing of the deployment is on the chain before this block. */
  readonly fromBlock: bigint
}

/**
 * Deploys the contracts of a deployment, always in the same order: a fresh local chain gives the same addresses each time.
 * @param stateFile remembers the addresses; while all of them have code, they are given back and nothing is sent
 * @throws {TransactionFailedError} @throws {ChainUnavailableError}
 */
export async function deployContracts(operator: Operator, stateFile?: string): Promise<Deployment> {
  const { chain } = operator
  const known = stateFile === undefined ? null : readDeployment(stateFile)
  if (known !== null && known.chainId === chain.chainId && (await allHaveCode(operator, known.contracts))) return known
  const fromBlock = await chain.blockNumber()
  const projectRegistrar = await deployContract(operator, 'ProjectRegistrar', {
    abi: projectRegistrarAbi,
    bytecode: projectRegistrarBytecode,
  })
  const nodeRegistry = await deployContract(operator, 'NodeRegistry', {
    abi: nodeRegistryAbi,
    bytecode: nodeRegistryBytecode,
  })
  const proverRegistrar = await deployContract(operator, 'ProverRegistrar', {
    abi: proverRegistrarAbi,
    bytecode: proverRegistrarBytecode,
  })
  const fleetManager = await deployContract(operator, 'FleetManager', {
    abi: fleetManagerAbi,
    bytecode: fleetManagerBytecode,
    args: [projectRegistrar, nodeRegistry],
  })
  const verifierRegistry = await deployContract(operator, 'VerifierRegistry', {
    abi: verifierRegistryAbi,
    bytecode: verifierRegistryBytecode,
    args: [projectRegistrar],
  })
  const settlement = await deployContract(operator, 'W3bstreamSettlement', {
    abi: w3bstreamSettlementAbi,
    bytecode: w3bstreamSettlementBytecode,
    args: [projectRegistrar, fleetManager, verifierRegistry],
  })
  const contracts = { projectRegistrar, nodeRegistry, proverRegistrar, fleetManager, verifierRegistry, settlement }
  const deployment = { chainId: chain.chainId, contracts, fromBlock }
  if (stateFile !== undefined) writeDeployment(stateFile, deployment)
  return deployment
}

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

async function allHaveCode(operator: Operator, contracts: Contracts): Promise<boolean> {
  const codes = await Promise.all(Object.values<Address>({ ...contracts }).map((one) => operator.chain.code(one)))
  return codes.every((code: Hex) => code !== '0x')
}

/** Reads what `deployContracts` wrote, or an operator by hand. @returns null where there is no file. @throws {InvalidInputError} */
export function readDeployment(path: string): Deployment | null {
  if (!existsSync(path)) return null
  const file: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const of = (name: string): Address => address(String(field(field(file, 'contracts'), name)), `${path}: ${name}`)
  return {
    chainId: BigInt(String(field(file, 'chainId'))),
    fromBlock: BigInt(String(field(file, 'fromBlock'))),
    contracts: {
      projectRegistrar: of('projectRegistrar'),
      nodeRegistry: of('nodeRegistry'),
      proverRegistrar: of('proverRegistrar'),
      fleetManager: of('fleetManager'),
      verifierRegistry: of('verifierRegistry'),
      settlement: of('settlement'),
    },
  }
}

function writeDeployment(path: string, deployment: Deployment): void {
  const { chainId, fromBlock, contracts } = deployment
  const text = JSON.stringify({ chainId: String(chainId), fromBlock: String(fromBlock), contracts }, null, 2)
  writeFileSync(`${path}.new`, `${text}\n`, { flush: true })
  renameSync(`${path}.new`, path)
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
}
