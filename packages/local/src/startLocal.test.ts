import { hash as digestOf } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { ProjectOwner, transact } from '@w3bstream/chain'
import { proverRegistrarAbi } from '@w3bstream/contracts'
import type { Runtime } from '@w3bstream/core'
import { fromHex, hash, messageId, toHex } from '@w3bstream/protocol'
import { decodeFunctionData, encodeFunctionData, type Hex, parseAbi } from 'viem'
import { expect, it, onTestFinished } from 'vitest'
import { startLocal } from './startLocal.ts'

/** Gives the same proof at once. */
const INSTANT: Runtime = {
  vmType: 'halo2',
  prove: async () => ({ proof: Uint8Array.of(1), outputs: '0x', publicInputs: [], raw: '' }),
  close: async () => {},
}
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
const ABI = parseAbi(['function submit(uint256 _proverId, bytes32 _taskId)'])
/** Init code of a contract that takes any call. */
const ACCEPTING: Hex = '0x6001600c60003960016000f300'

it('calls contracts on the chain that --rpc names, with the number that the prover registered', {
  timeout: 60_000,
}, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'w3b-local-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const first = await startLocal({ port: 0, dataDir, logLevel: 'silent' })
  try {
    if (first.operator === null) throw new Error('no operator')
    await transact(first.operator, 'Naming the prover', {
      to: first.contracts.proverRegistrar,
      data: encodeFunctionData({
        abi: proverRegistrarAbi,
        functionName: 'createProver',
        args: [`did:io:${first.keys.prover.address.slice(2)}`],
      }),
    })
  } finally {
    await first.close()
  }

  const node = await startLocal({ port: 0, dataDir, logLevel: 'silent', runtimes: new Map([['halo2', INSTANT]]) })
  try {
    const { operator, chain } = node
    if (operator === null) throw new Error('no operator')
    const { contractAddress } = await transact(operator, 'Deploying', { to: null, data: ACCEPTING })
    const ethereum = {
      chainEndpoint: node.rpcUrl,
      contractAddress,
      contractMethod: 'submit',
      contractAbiJSON: JSON.stringify(ABI),
    }
    const file = {
      defaultVersion: '0.1',
      versions: [
        {
          version: '0.1',
          vmTypeID: 2,
          code: deflateSync(EMPTY_MODULE).toString('hex'),
          outputs: [{ type: 'ethereumContract', ethereum }],
        },
      ],
    }
    const bytes = Buffer.from(JSON.stringify(file))
    const owner = new ProjectOwner(operator, node.contracts)
    const id = await owner.createProject(
      await node.content.publish(bytes),
      hash(`0x${digestOf('sha256', bytes, 'hex')}`),
    )
    await owner.allowSequencer(id, node.keys.sequencer.address)
    await node.syncRegistry()
    const answer = await fetch(`${node.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ projectId: String(id), data: '{"a":1}' }),
    })
    const sent = messageId(member(await answer.json(), 'messageId'))
    const states = async () => (await node.w3b.message(sent))?.states ?? []
    await expect.poll(states, { timeout: 20_000 }).toContainEqual(expect.objectContaining({ state: 'finalized' }))

    const receipt = await node.w3b.receipt(sent)
    if (receipt === null) throw new Error('no receipt')
    const found = await chain.request('eth_getTransactionByHash', [receipt.transactionHash], (answered) => answered)
    expect(decodeFunctionData({ abi: ABI, data: toHex(fromHex(member(found, 'input'))) }).args).toEqual([
      1n,
      receipt.taskId,
    ])
  } finally {
    await node.close()
  }
})

function member(value: unknown, name: string): string {
  return String(typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined)
}
