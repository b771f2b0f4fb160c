import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { ChainClient, chainPreset, deployContracts, LocalSigner } from '@w3bstream/chain'
import { type LocalNode, loadKeys } from '@w3bstream/local'
import type { ProjectId } from '@w3bstream/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startAnvil } from '../../packages/chain/src/fixtures/anvil.test.fixture.ts'
import { instantProject } from '../support/instantProject.ts'
import { tempDir } from '../support/tempDir.ts'
import { until } from '../support/until.ts'
import { client } from './support/client.ts'
import { settledEvents } from './support/settledEvents.ts'
import { startNode } from './support/startNode.ts'

/** Of no chain that is known: such a one is final after 64 blocks. */
const CHAIN_ID = 987_654n
const FINALITY = 64

/** First account of anvil's public mnemonic. */
const OWNER_KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'

describe('a reorg', () => {
  it('before finality has the same bytes sent again, and ends with one result', { timeout: 120_000 }, async () => {
    const { node, projectId, rpc } = await onChainWithFinality()
    const { send, task, taskOf } = client(node)
    const message = await send(projectId)
    const first = await taskOf(message, 'settled')
    const { transactionHash } = first.settlement ?? {}

    await rpc('anvil_reorg', 1, [])
    expect(await settledEvents(node.rpcUrl, node.contracts, first.id)).toBe(0)
    const again = ['submitted', 'settled', 'submitted', 'settled']
    const second = await until('it to be settled again', async () => {
      const found = await task(first.id)
      return isDeepStrictEqual(found.states.map(({ state }) => state).slice(-4), again) && found
    })
    expect(second.settlement).toMatchObject({ transactionHash })
    expect(second.settlement?.blockHash).not.toBe(first.settlement?.blockHash)

    await rpc('anvil_mine', `0x${FINALITY.toString(16)}`)
    await taskOf(message, 'finalized')
    expect(await settledEvents(node.rpcUrl, node.contracts, first.id)).toBe(1)
    expect(await node.chain.transactionCount(node.keys.settler.address, 'latest')).toBe(1)
  })

  it('deeper than finality heals: what is lost comes back, and what follows is settled', {
    timeout: 120_000,
  }, async () => {
    const { node, projectId, rpc } = await onChainWithFinality()
    const { send, taskOf } = client(node)
    const early = await send(projectId)
    const { id } = await taskOf(early, 'settled')
    await rpc('anvil_mine', `0x${FINALITY.toString(16)}`)
    await taskOf(early, 'finalized')

    await rpc('anvil_reorg', FINALITY + 1, [])
    expect(await settledEvents(node.rpcUrl, node.contracts, id)).toBe(0)
    // With nothing under way the chain is looked at every fifteen seconds.
    const isBack = async (): Promise<boolean> => (await settledEvents(node.rpcUrl, node.contracts, id)) === 1
    await until('it to be on the chain again', isBack, 60_000)
    const late = await taskOf(await send(projectId), 'settled')
    expect(await settledEvents(node.rpcUrl, node.contracts, late.id)).toBe(1)
    expect(await settledEvents(node.rpcUrl, node.contracts)).toBe(2)
  })
})

/** A node on a chain that takes blocks to be final, set up as an operator does it: contracts deployed and named, accounts funded, a project registered. */
async function onChainWithFinality(): Promise<{
  node: LocalNode
  projectId: ProjectId
  rpc: (method: string, ...params: readonly unknown[]) => Promise<unknown>
}> {
  const anvil = await startAnvil(['--chain-id', String(CHAIN_ID)])
  onTestFinished(() => anvil.stop())
  const dataDir = join(tempDir(), 'data')
  mkdirSync(dataDir)
  const chain = new ChainClient({ preset: { ...chainPreset(CHAIN_ID), blockTimeMs: 20 }, rpc: [anvil.url] })
  onTestFinished(() => chain.close())
  const rpc = (method: string, ...params: readonly unknown[]) => chain.request(method, params, (answer) => answer)
  const operator = { chain, signer: LocalSigner.fromHex(OWNER_KEY) }
  await deployContracts(operator, join(dataDir, 'deployment.json'))
  await rpc('anvil_setBalance', loadKeys(dataDir).settler.address, `0x${(10n ** 20n).toString(16)}`)
  const node = await startNode({ dataDir, rpc: anvil.url })
  const mine = () => rpc('anvil_mine', `0x${FINALITY.toString(16)}`)
  const syncRegistry = async () => {
    await mine()
    await node.syncRegistry()
  }
  const { projectId } = await instantProject({ ...node, operator, syncRegistry })
  return { node, projectId, rpc }
}
