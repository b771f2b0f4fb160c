import { createServer } from 'node:http'
import { deployContract, ProjectOwner } from '@w3bstream/chain'
import type { LocalNode } from '@w3bstream/local'
import { type Address, type Hash, hash } from '@w3bstream/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { instantProject } from '../support/instantProject.ts'
import { ACCEPTING, ANSWERING_ONE } from './support/bytecode.ts'
import { client } from './support/client.ts'
import { startNode } from './support/startNode.ts'

const ANY_HASH: Hash = hash(`0x${'ab'.repeat(32)}`)

describe('what a project owner names', () => {
  it('is refused as the target of a call where it is a registry, the router, a token or the settlement account', async () => {
    const node = await startNode()
    const { contracts, keys } = node
    for (const target of [
      contracts.projectRegistrar,
      contracts.proverRegistrar,
      contracts.nodeRegistry,
      contracts.fleetManager,
      contracts.verifierRegistry,
      contracts.settlement,
    ])
      expect(await outcome(node, call(target)), target).toMatch(
        /registries, staking contracts and routers are not called/,
      )
    expect(await outcome(node, call(await deployed(node, ANSWERING_ONE)))).toMatch(/it is a token/)
    expect(await outcome(node, call(keys.settler.address))).toMatch(/are not called/)
    expect(await outcome(node, call(await deployed(node, ACCEPTING), { contractMethod: 'approve' }))).toMatch(
      /"approve" is a token's method/,
    )
    expect(await outcome(node, call(await deployed(node, ACCEPTING)))).toBe('finalized')
  })

  it('is never asked as a chain endpoint', async () => {
    const node = await startNode()
    const server = await countingServer()
    const target = await deployed(node, ACCEPTING)
    for (const chainEndpoint of [server.url, server.url.replace('127.0.0.1', 'localhost')])
      expect(await outcome(node, call(target, { chainEndpoint }))).toMatch(/names no chain of this operator's/)
    expect(server.asked()).toBe(0)
    await fetch(server.url)
    expect(server.asked()).toBe(1)
  })

  it('is never fetched as a project file where its address is private, also behind a name', async () => {
    const node = await startNode()
    const { operator, contracts } = node
    if (operator === null) throw new Error('a local chain has an operator')
    const owner = new ProjectOwner(operator, contracts)
    const server = await countingServer()
    for (const uri of [server.url, server.url.replace('127.0.0.1', 'localhost')]) {
      const projectId = await owner.createProject(`${uri}/project.json`, ANY_HASH)
      await node.syncRegistry()
      expect(await client(node).post(projectId), uri).toMatchObject({
        status: 502,
        body: { code: 'CONTENT_UNAVAILABLE' },
      })
    }
    expect(server.asked()).toBe(0)
  })
})

/** An output that calls a method without arguments. */
function call(contractAddress: Address, changed: Readonly<Record<string, string>> = {}) {
  const ethereum = { chainEndpoint: 'anvil', contractAddress, contractMethod: 'notify', ...changed }
  const method = {
    type: 'function',
    name: ethereum.contractMethod,
    inputs: [],
    outputs: [],
    stateMutability: 'nonpayable',
  }
  return { type: 'ethereumContract', ethereum: { ...ethereum, contractAbiJSON: JSON.stringify([method]) } }
}

/** @returns why a task with such an output failed, or `finalized` */
async function outcome(node: LocalNode, output: ReturnType<typeof call>): Promise<string> {
  const { projectId } = await instantProject(node, { outputs: [output] })
  const { send, taskOf } = client(node)
  const message = await send(projectId)
  const nonces = await node.chain.transactionCount(node.keys.settler.address, 'pending')
  const ended = await Promise.any([taskOf(message, 'failed'), taskOf(message, 'finalized')])
  if (ended.state === 'finalized') return 'finalized'
  expect(await node.chain.transactionCount(node.keys.settler.address, 'pending')).toBe(nonces)
  return ended.failure ?? ''
}

function deployed(node: LocalNode, runtime: `0x${string}`): Promise<Address> {
  if (node.operator === null) throw new Error('a local chain has an operator')
  const length = ((runtime.length - 2) / 2).toString(16).padStart(4, '0')
  const bytecode = `0x61${length}600e60003961${length}6000f3${runtime.slice(2)}` as const
  return deployContract(node.operator, 'a target', { abi: [], bytecode })
}

async function countingServer(): Promise<{ url: string; asked: () => number }> {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('it does not listen')
  return { url: `http://127.0.0.1:${address.port}`, asked: () => asked }
}
