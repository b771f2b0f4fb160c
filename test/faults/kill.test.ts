import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { weatherStatsAbi } from '@w3bstream/contracts'
import { startLocal } from '@w3bstream/local'
import type { Address, ProjectId, Receipt } from '@w3bstream/protocol'
import { createPublicClient, createTestClient, http, parseAbiItem } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InstantRuntime } from '../support/InstantRuntime.ts'
import { instantProject } from '../support/instantProject.ts'
import { testAnvil } from '../support/testAnvil.ts'

interface Outcome {
  readonly calls: readonly string[]
  readonly receipt: Receipt
}

const SETTLED = parseAbiItem(
  'event Settled(bytes32 indexed task, uint64 indexed projectId, address indexed prover, address sequencer, uint64 number, bytes32 verifierKey, bytes32 messagesRoot, bytes32 outputsHash)',
)

describe('a process killed between two steps', () => {
  let anvil: Awaited<ReturnType<typeof testAnvil>>
  const root = mkdtempSync(join(tmpdir(), 'w3b-kill-'))
  const template = join(root, 'template')
  let project: { projectId: ProjectId; dapp: Address }
  let settlement: Address

  beforeAll(async () => {
    anvil = await testAnvil()
    const node = await startLocal({
      port: 0,
      dataDir: template,
      rpc: anvil.url,
      runtimes: new Map([['halo2', new InstantRuntime()]]),
    })
    project = await instantProject(node, { devices: { unsigned: 'reject' } })
    settlement = node.contracts.settlement
    await node.close()
  })
  afterAll(async () => {
    await anvil?.stop()
    rmSync(root, { recursive: true, force: true })
  })

  /** Runs one process to its end. @returns what it printed, or null when it was killed */
  const run = (dataDir: string, at: number, when: 'before' | 'after'): Promise<Outcome | null> =>
    new Promise((resolve, reject) => {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'roadProcess.ts'), dataDir, anvil.url, String(project.projectId), String(at), when],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      )
      let [out, complaints] = ['', '']
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString()
      })
      child.stderr.on('data', (chunk: Buffer) => {
        complaints += chunk.toString()
      })
      child.once('error', reject)
      child.once('close', (code, signal) => {
        if (signal === 'SIGKILL') resolve(null)
        else if (code === 0) resolve(JSON.parse(out.trim().split('\n').at(-1) ?? ''))
        else reject(new Error(`exit ${code}: ${complaints.slice(-2_000)}`))
      })
    })

  let copies = 0
  /** A data directory with keys of its own, on the same deployment. */
  const fresh = (): string => {
    const dir = join(root, `copy-${copies++}`)
    cpSync(template, dir, { recursive: true })
    return dir
  }

  const settledTimes = async (receipt: Receipt): Promise<number> => {
    const client = createPublicClient({ transport: http(anvil.url) })
    const events = await client.getLogs({
      address: settlement,
      event: SETTLED,
      args: { task: receipt.taskId as `0x${string}` },
      fromBlock: 0n,
    })
    return events.length
  }
  const taskCount = async (): Promise<bigint> =>
    createPublicClient({ transport: http(anvil.url) }).readContract({
      address: project.dapp,
      abi: weatherStatsAbi,
      functionName: 'taskCount',
    })

  const chain = createTestClientOf(() => anvil.url)

  it('finishes with exactly one result on the chain, whichever step it was', { timeout: 600_000 }, async () => {
    // Every copy starts from the same chain: what an earlier one settled is taken back.
    let start = await chain().snapshot()
    const rewind = async (): Promise<void> => {
      await chain().revert({ id: start })
      start = await chain().snapshot()
    }
    const whole = await run(fresh(), 0, 'before')
    if (whole === null) throw new Error('the road was not walked')
    const { calls } = whole
    for (const step of [
      'messages.append',
      'tasks.create',
      'tasks.advance:assigned',
      'proveQueue.send',
      'tasks.lease',
      'blobs.put',
      'tasks.advance:proved',
      'settleQueue.send',
      'chain.allocate',
      'chain.addAttempt',
      'tasks.advance:submitted',
      'tasks.advance:settled',
      'tasks.advance:finalized',
    ])
      expect(calls).toContain(step)
    for (let at = 1; at <= calls.length; at++)
      for (const when of ['before', 'after'] as const) {
        await rewind()
        const label = `killed ${when} ${calls[at - 1]}`
        const dir = fresh()
        // The last calls may come after the state that ends a run: then nothing is killed.
        await run(dir, at, when)
        const finished = await run(dir, 0, 'before')
        if (finished === null) throw new Error(label)
        expect(finished.receipt, label).toMatchObject({ verified: true, finalized: true })
        expect(await settledTimes(finished.receipt), label).toBe(1)
        expect(await taskCount(), label).toBe(1n)
      }
  })
})

function createTestClientOf(url: () => string) {
  return () => createTestClient({ mode: 'anvil', transport: http(url()) })
}
