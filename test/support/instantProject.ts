import { createHash } from 'node:crypto'
import { deployContract, ProjectOwner, transact } from '@w3bstream/chain'
import { weatherStatsAbi, weatherStatsBytecode } from '@w3bstream/contracts'
import type { LocalNode } from '@w3bstream/local'
import { type Address, type Hash, type ProjectId, toHex } from '@w3bstream/protocol'
import { encodeFunctionData } from 'viem'
import { ACCEPT_ANYTHING, INSTANT_PROOF } from './InstantRuntime.ts'
import { projectFile } from './projectFile.ts'

/** Registers a project that settles what `InstantRuntime` returns into a WeatherStats of its own. */
export async function instantProject(
  node: LocalNode,
  version: Readonly<Record<string, unknown>> = {},
): Promise<{ projectId: ProjectId; dapp: Address }> {
  const { operator, contracts, content, keys } = node
  if (operator === null) throw new Error('only on a local chain')
  const owner = new ProjectOwner(operator, contracts)
  const inputs = { scheme: 'poseidon-bn254', capacity: 16, fields: [{ name: 't', scale: 0, min: 0, max: 9 }] }
  const bytes = projectFile({ outputs: [{ type: 'settlement' }], inputs, ...version })
  const configHash = toHex(createHash('sha256').update(bytes).digest()) as Hash
  const projectId = await owner.createProject(await content.publish(bytes), configHash)
  await owner.allowSequencer(projectId, keys.sequencer.address)
  const verifier = await deployContract(operator, 'a verifier', { abi: [], bytecode: ACCEPT_ANYTHING })
  const key = await owner.registerVerifier({
    id: projectId,
    configHash,
    version: '0.1',
    verifier: { verifier, ...INSTANT_PROOF, verifyGas: 100_000, inputBound: true },
  })
  const dapp = await deployContract(operator, 'WeatherStats', {
    abi: weatherStatsAbi,
    bytecode: weatherStatsBytecode,
    args: [contracts.settlement, projectId],
  })
  const data = encodeFunctionData({ abi: weatherStatsAbi, functionName: 'allowVerifier', args: [key] })
  await transact(operator, 'Trusting the verifier', { to: dapp, data })
  await owner.bindDapp(projectId, dapp)
  await node.syncRegistry()
  return { projectId, dapp }
}
