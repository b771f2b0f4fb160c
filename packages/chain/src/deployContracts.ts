import { renameSync, writeFileSync } from 'node:fs'
import {
  fleetManagerAbi,
  fleetManagerBytecode,
  nodeRegistryAbi,
  nodeRegistryBytecode,
  projectRegistrarAbi,
  projectRegistrarBytecode,
  proverRegistrarAbi,
  proverRegistrarBytecode,
  riscZeroGroth16VerifierAbi,
  riscZeroGroth16VerifierBytecode,
  riscZeroVerifierRouterAbi,
  riscZeroVerifierRouterBytecode,
  verifierRegistryAbi,
  verifierRegistryBytecode,
  w3bstreamSettlementAbi,
  w3bstreamSettlementBytecode,
} from '@w3bstream/contracts'
import type { Address, Hex } from '@w3bstream/protocol'
import { encodeFunctionData } from 'viem'
import type { Contracts } from './Contracts.ts'
import { contractAddresses } from './contractAddresses.ts'
import type { Deployment } from './Deployment.ts'
import { deployContract } from './deployContract.ts'
import { readDeployment } from './readDeployment.ts'
import { riscZeroRelease } from './riscZeroRelease.ts'
import { type Operator, transact } from './transact.ts'

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
  const contracts = {
    projectRegistrar,
    nodeRegistry,
    proverRegistrar,
    fleetManager,
    verifierRegistry,
    settlement,
    ...(await deployRiscZero(operator)),
  }
  const deployment = { chainId: chain.chainId, contracts, fromBlock }
  if (stateFile !== undefined) writeDeployment(stateFile, deployment)
  return deployment
}

/** The verifier, and a router that the operator owns and can stop. */
async function deployRiscZero(
  operator: Operator,
): Promise<{ readonly riscZeroVerifier: Address; readonly riscZeroRouter: Address }> {
  const { controlRoot, bn254ControlId, selector } = riscZeroRelease
  const riscZeroVerifier = await deployContract(operator, 'RiscZeroGroth16Verifier', {
    abi: riscZeroGroth16VerifierAbi,
    bytecode: riscZeroGroth16VerifierBytecode,
    args: [controlRoot, bn254ControlId],
  })
  const { address } = operator.signer
  const riscZeroRouter = await deployContract(operator, 'RiscZeroVerifierRouter', {
    abi: riscZeroVerifierRouterAbi,
    bytecode: riscZeroVerifierRouterBytecode,
    args: [address, address],
  })
  await transact(operator, 'Giving the router its verifier', {
    to: riscZeroRouter,
    data: encodeFunctionData({
      abi: riscZeroVerifierRouterAbi,
      functionName: 'addVerifier',
      args: [selector, riscZeroVerifier],
    }),
  })
  return { riscZeroVerifier, riscZeroRouter }
}

async function allHaveCode(operator: Operator, contracts: Contracts): Promise<boolean> {
  const codes = await Promise.all(contractAddresses(contracts).map((one) => operator.chain.code(one)))
  return codes.every((code: Hex) => code !== '0x')
}

function writeDeployment(path: string, deployment: Deployment): void {
  const { chainId, fromBlock, contracts } = deployment
  const text = JSON.stringify({ chainId: String(chainId), fromBlock: String(fromBlock), contracts }, null, 2)
  writeFileSync(`${path}.new`, `${text}\n`, { flush: true })
  renameSync(`${path}.new`, path)
}
