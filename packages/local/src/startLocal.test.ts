import { hash as digestOf } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { ProjectOwner, transact } from '@w3bstream/chain'
import { proverRegistrarAbi } from '@w3bstream/contracts'
import type { Runtime } from '@w3bstream/core'
import { fromHex, hash, type MessageId, messageId, toHex } from '@w3bstream/protocol'
import { decodeFunctionData, encodeFunctionData, type Hex, parseAbi } from 'viem'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type LocalNode, startLocal } from './startLocal.ts'

/** Gives the same proof at once. */
const INSTANT: Runtime = {
  vmType: 'halo2',
  prove: async () => ({ proof: Uint8Array.of(1), outputs: '0x', publicInputs: [], raw: '', checkedBy: null }),
  close: async () => {},
}
/** The caller's own trace. */
const CALLER = '4bf92f3577b34da6a3ce929d0e0e4736'
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
const ABI = parseAbi(['function submit(uint256 _proverId, bytes32 _taskId)'])
/** Init code of a contract that takes any call. */
const ACCEPTING: Hex = '0x6001600c60003960016000f300'

describe('a message on its way to a contract, on the chain that --rpc names', () => {
  const lines: Record<string, unknown>[] = []
  const logTo = { write: (line: string): void => void lines.push(JSON.parse(line)) }
  const dataDir = mkdtempSync(join(tmpdir(), 'w3b-local-'))
  let node: LocalNode
  let sent: MessageId

  beforeAll(async () => {
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
    const runtimes = new Map([['halo2', INSTANT] as const])
    node = await startLocal({ port: 0, dataDir, logLevel: 'debug', logTo, runtimes })
    const { operator } = node
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
          aggregation: { amount: 2 },
          outputs: [{ type: 'ethereumContract', ethereum }],
        },
      ],
    }
    const bytes = Buffer.from(JSON.stringify(file))
    const owner = new ProjectOwner(operator, node.contracts)
    const uri = await node.content.publish(bytes)
    const id = await owner.createProject(uri, hash(`0x${digestOf('sha256', bytes, 'hex')}`))
    await owner.allowSequencer(id, node.keys.sequencer.address)
    await node.syncRegistry()
    const post = async (data: string): Promise<MessageId> => {
      const answer = await fetch(`${node.url}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', traceparent: `00-${CALLER}-00f067aa0ba902b7-01` },
        body: JSON.stringify({ projectId: String(id), data }),
      })
      return messageId(member(await answer.json(), 'messageId'))
    }
    await post('{"a":1}')
    sent = await post('{"a":2}')
    const finalized = async () =>
      expect((await node.w3b.message(sent))?.states).toContainEqual(expect.objectContaining({ state: 'finalized' }))
    await vi.waitFor(finalized, { timeout: 20_000, interval: 50 })
  }, 60_000)

  afterAll(async () => {
    await node.close()
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('names the number that the prover registered', async () => {
    const receipt = await node.w3b.receipt(sent)
    if (receipt === null) throw new Error('no receipt')
    const found = await node.chain.request('eth_getTransactionByHash', [receipt.transactionHash], (answer) => answer)
    expect(decodeFunctionData({ abi: ABI, data: toHex(fromHex(member(found, 'input'))) }).args).toEqual([
      1n,
      receipt.taskId,
    ])
  })

  it('is followed by its trace through every step', async () => {
    const shown = await (await fetch(`${node.url}/v1/messages/${sent}`)).json()
    const trace = member(shown, 'traceId')
    const task = member(Reflect.get(Object(shown), 'task'), 'traceId')
    expect(trace).not.toBe(task)
    const spans = (of: (line: Record<string, unknown>) => boolean) =>
      lines.filter((line) => 'durationMs' in line && of(line)).map(({ msg }) => msg)
    const links = (line: Record<string, unknown>): unknown[] => (Array.isArray(line.links) ? line.links : [])
    // Its own until it shares a task, whose trace is that of its first message.
    expect(spans((line) => line.trace === trace && links(line).includes(CALLER))).toEqual(['ingest'])
    expect(spans((line) => line.trace === task && links(line).includes(trace))).toEqual(['pack'])
    expect([...new Set(spans((line) => line.trace === task))]).toEqual([
      'ingest',
      'pack',
      'assign',
      'prove',
      'settle',
      'follow',
      'finalize',
    ])
    for (const line of lines) expect(JSON.stringify(line)).not.toContain(sent)
  })
})

function member(value: unknown, name: string): string {
  return String(typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined)
}
