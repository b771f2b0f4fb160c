import { type Operator, transact } from '@w3bstream/chain'
import { weatherStatsAbi } from '@w3bstream/contracts'
import type { LocalNode } from '@w3bstream/local'
import { type Address, type Hex, type ProjectId, verifierKey } from '@w3bstream/protocol'
import { encodeErrorResult, encodeFunctionData, parseAbi } from 'viem'
import { describe, expect, it } from 'vitest'
import { instantProject } from '../support/instantProject.ts'
import { BURNING, reverting } from './support/bytecode.ts'
import { client } from './support/client.ts'
import { settledEvents } from './support/settledEvents.ts'
import { startNode } from './support/startNode.ts'

interface World {
  readonly node: LocalNode
  readonly operator: Operator
  readonly projectId: ProjectId
  readonly dapp: Address
}

const DECLARED = parseAbi(['error StationClosed(uint256 station, string why)'])

describe('a dApp that does not take a result', () => {
  it.each([
    ['a string', text, /the station is closed/],
    ['a custom error', distrust, /VerifierNotAllowed\(verifierKey: 0x[0-9a-f]{64}\)/],
    ['a custom error that its project file declares', declared, /refused it: StationClosed\(station: 7, why: storm\)/],
    ['all of its gas', burn, /gas/i],
  ] as const)(
    'fails its task alone with %s, shown through HTTP, and has it once mended',
    async (_, breakIt, reason) => {
      const node = await startNode()
      const { operator } = node
      if (operator === null) throw new Error('a local chain has an operator')
      const { post, replay, send, taskOf } = client(node)
      const outputs = [{ type: 'settlement', settlement: { contractAbiJSON: JSON.stringify(DECLARED) } }]
      const [bad, good] = [await instantProject(node, { outputs }), await instantProject(node)]
      const mend = await breakIt({ node, operator, ...bad })

      const [stuck, fine] = [await send(bad.projectId), await send(good.projectId)]
      const failed = await taskOf(stuck, 'failed')
      expect(failed.failure).toMatch(reason)
      expect(failed.states.at(-1)).toMatchObject({ state: 'failed', actor: 'settler', reason: failed.failure })
      await taskOf(fine, 'finalized')
      expect((await post(bad.projectId)).status).toBe(200)
      expect(await settledEvents(node.rpcUrl, node.contracts, failed.id)).toBe(0)

      await mend()
      expect(await replay(failed.id)).toMatchObject({ status: 200, body: { state: 'proved' } })
      await taskOf(stuck, 'finalized')
      expect(await settledEvents(node.rpcUrl, node.contracts, failed.id)).toBe(1)
    },
  )
})

/** @returns mends it */
async function replaceCode({ node, dapp }: World, code: Hex): Promise<() => Promise<void>> {
  const before = await node.chain.code(dapp)
  const set = (to: Hex): Promise<null> => node.chain.request('anvil_setCode', [dapp, to], () => null)
  await set(code)
  return async () => {
    await set(before)
  }
}

function text(world: World) {
  const abi = parseAbi(['error Error(string)'])
  return replaceCode(world, reverting(encodeErrorResult({ abi, args: ['the station is closed'] })))
}

function declared(world: World) {
  return replaceCode(world, reverting(encodeErrorResult({ abi: DECLARED, args: [7n, 'storm'] })))
}

function burn(world: World) {
  return replaceCode(world, BURNING)
}

/** The owner of the dApp no longer trusts the project's verifier. */
async function distrust({ node, operator, projectId, dapp }: World): Promise<() => Promise<void>> {
  const project = await node.w3b.project(projectId)
  const key = verifierKey(projectId, project.record.hash, '0.1')
  const call = async (functionName: 'allowVerifier' | 'disallowVerifier'): Promise<void> => {
    const data = encodeFunctionData({ abi: weatherStatsAbi, functionName, args: [key] })
    await transact(operator, 'Changing the trusted verifiers', { to: dapp, data })
  }
  await call('disallowVerifier')
  return () => call('allowVerifier')
}
