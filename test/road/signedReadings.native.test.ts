import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deployContract, ProjectOwner, readContract, transact } from '@w3bstream/chain'
import { signedReadingsAbi, signedReadingsBytecode, signedReadingsVerifierBytecode } from '@w3bstream/contracts'
import {
  circuitArtifacts,
  circuitProject,
  exampleDevices,
  guestProject,
  type Kind,
  type Reading,
  signedMessage,
  statistics,
} from '@w3bstream/example-signed-readings'
import { type LocalNode, startLocal } from '@w3bstream/local'
import { trialRuntimes, tryProject } from '@w3bstream/local/tryProject'
import {
  type Address,
  hash,
  messageId,
  type ProjectId,
  type ProjectVersion,
  projectId,
  toHex,
  writeProjectFile,
} from '@w3bstream/protocol'
import { scopeOf, signMessage } from '@w3bstream/sdk'
import { encodeFunctionData } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/until.ts'

/** Proving two signatures takes half a minute of two cores, and the key of a first proof twice that. */
const PATIENCE_MS = 8 * 60_000

const fileOf = (version: ProjectVersion): Uint8Array =>
  writeProjectFile({ defaultVersion: version.version, versions: [version], unknown: {} })

const now = Math.floor(Date.now() / 1_000)

describe('readings whose signatures the circuit checks', { timeout: PATIENCE_MS }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'w3b-signed-'))
  let node: LocalNode
  let id: ProjectId
  let dapp: Address

  beforeAll(async () => {
    node = await startLocal({ port: 0, dataDir: dir, logLevel: 'silent' })
    ;({ id, dapp } = await register(node))
  })
  afterAll(async () => {
    await node.close()
    rmSync(dir, { recursive: true, force: true })
  })

  const post = async (readings: readonly Reading[], change = (data: string, _index: number) => data) => {
    const { devices, keys } = exampleDevices('circuit')
    const audience = { domain: node.domain, projectId: id }
    const ids: string[] = []
    for (const [i, reading] of readings.entries()) {
      const device = devices[i % devices.length]
      if (device === undefined) throw new Error('no device')
      const use = { version: '0.1', nonce: BigInt(Date.now()) * 10n + BigInt(i) }
      const message = await signedMessage('circuit', reading, device, keys, audience, use)
      const data = change(message.data, i)
      const resigned = await signMessage(device.key, node.domain, { projectId: id, ...use, payload: data })
      const answer = await fetch(`${node.url}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...message, ...resigned, data }),
      })
      const text = await answer.text()
      expect(answer.status, text).toBeLessThan(300)
      ids.push(JSON.parse(text).messageId)
    }
    return ids
  }
  const ended = (first: string | undefined) =>
    until(
      'the end of the task',
      async () => {
        const { states = [] } = (await node.w3b.message(messageId(first ?? ''))) ?? {}
        const last = states.at(-1)
        return last?.state === 'finalized' || last?.state === 'failed' ? { last, states } : null
      },
      PATIENCE_MS - 10_000,
    )

  it('settles into the dApp, verified on-chain, with the root of the devices that signed', async () => {
    const ids = await post([
      { temperature: 21.4, time: now - 120 },
      { temperature: -3, time: now - 60 },
    ])
    const { last } = await ended(ids[0])
    expect(last.state, last.reason).toBe('finalized')
    const receipt = await node.w3b.receipt(messageId(ids[0] ?? ''))
    expect(receipt).toMatchObject({ verified: true, inputBound: true, runtime: 'halo2' })
    expect(receipt?.proofBytes).toBe(circuitArtifacts().proofBytes)
    const total = await readContract(node.chain, {
      address: dapp,
      abi: signedReadingsAbi,
      functionName: 'total',
      args: [],
    })
    expect(total).toMatchObject({
      count: 2n,
      sum: 614n + 370n,
      min: 370n,
      max: 614n,
      firstTime: BigInt(now - 120),
      lastTime: BigInt(now - 60),
    })
  })

  it('fails a task with a reading that its device did not sign, and says which', async () => {
    const ids = await post(
      [
        { temperature: 20, time: now - 50 },
        { temperature: 20, time: now - 40 },
      ],
      (data, i) => (i === 0 ? data : JSON.stringify({ ...JSON.parse(data), temperature: 30 })),
    )
    const { last } = await ended(ids[0])
    expect(last?.state).toBe('failed')
    expect(last?.reason).toMatch(/reading 1.*sign/i)
  })
})

describe('readings whose signatures the guest checks', { timeout: 60_000 }, () => {
  const domain = { chainId: 31_337n, verifyingContract: `0x${'5a'.repeat(20)}` } as const
  const id = projectId(7)

  async function tried(readings: readonly Reading[], change = (data: string) => data) {
    const { devices, keys } = exampleDevices('guest')
    const payloads = await Promise.all(
      readings.map(async (reading, i) => {
        const device = devices[i % devices.length]
        if (device === undefined) throw new Error('no device')
        const use = { version: '0.1', nonce: BigInt(i + 1) }
        const { data } = await signedMessage('guest', reading, device, keys, { domain, projectId: id }, use)
        return change(data)
      }),
    )
    await using runtimes = trialRuntimes({ env: process.env, external: new Map() })
    const trial = { file: fileOf(guestProject()), payloads, projectId: id, runtimes }
    return await tryProject(trial, AbortSignal.timeout(60_000))
  }

  it('give the outputs that the circuit gives, from ed25519 and P-256 keys', async () => {
    const result = await tried([
      { temperature: 21.4, time: now },
      { temperature: -3, time: now + 1 },
    ])
    expect(result.problems).toEqual([])
    expect(statistics(result.execution?.outputs ?? '0x')).toEqual({
      keysRoot: exampleDevices('guest').keys.root,
      scope: scopeOf(domain, id),
      count: 2,
      mean: 9.2,
      min: -3,
      max: 21.4,
      firstTime: now,
      lastTime: now + 1,
    })
    expect(result.execution?.cycles?.segments).toBeGreaterThan(0)
  })

  it('are refused with what was changed in them', async () => {
    const reading = { temperature: 21.4, time: now }
    const changed = (data: string) => data.replace('21.4', '22.4')
    const { problems, execution } = await tried([reading], changed)
    expect(execution).toBeNull()
    expect(problems[0]?.message).toMatch(/sign/i)
    const twice = await tried([reading, reading])
    expect(twice.problems[0]?.message).toMatch(/time|increas|later/i)
  })
})

/** The project with its verifier and its dApp, on the node's local chain. */
async function register(node: LocalNode): Promise<{ id: ProjectId; dapp: Address }> {
  const { operator, contracts, content } = node
  if (operator === null) throw new Error('no local chain')
  const kind: Kind = 'circuit'
  const owner = new ProjectOwner(operator, contracts)
  const file = fileOf(circuitProject({ maxAgeMs: 60_000 }))
  const configHash = hash(toHex(createHash('sha256').update(file).digest()))
  const id = await owner.createProject(await content.publish(file), configHash)
  await owner.allowSequencer(id, node.keys.sequencer.address)
  const verifier = await deployContract(operator, 'the verifier', { abi: [], bytecode: signedReadingsVerifierBytecode })
  const { proofBytes, outputs } = circuitArtifacts()
  const shape = { outputWords: outputs.length, proofBytes, verifyGas: 800_000, inputBound: true }
  const key = await owner.registerVerifier({ id, configHash, version: '0.1', verifier: { verifier, ...shape } })
  const dapp = await deployContract(operator, 'SignedReadings', {
    abi: signedReadingsAbi,
    bytecode: signedReadingsBytecode,
    args: [contracts.settlement, id],
  })
  const args = [key, hash(exampleDevices(kind).keys.root)] as const
  await transact(operator, 'Approving', {
    to: dapp,
    data: encodeFunctionData({ abi: signedReadingsAbi, functionName: 'approve', args }),
  })
  await owner.bindDapp(id, dapp)
  await node.syncRegistry()
  return { id, dapp }
}
