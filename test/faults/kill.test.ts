import { spawn } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { weatherStatsAbi } from '@w3bstream/contracts'
import { startLocal } from '@w3bstream/local'
import type { Receipt } from '@w3bstream/protocol'
import { createTestClient, http, publicActions } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InstantRuntime } from '../support/InstantRuntime.ts'
import { instantProject } from '../support/instantProject.ts'
import { testAnvil } from '../support/testAnvil.ts'
import { makeTempDir } from './support/makeTempDir.ts'
import { settledEvents } from './support/settledEvents.ts'

/** Where a process is killed: before or after one of its writes; see `roadProcess.ts`. */
interface Cut {
  readonly call: string
  readonly when: 'before' | 'after'
}

/** Every step that a message takes, by the write that makes it durable. */
const STEPS = [
  'messages.append#1',
  'tasks.create#1',
  'tasks.advance:assigned#1',
  'proveQueue.send#1',
  'tasks.lease#1',
  'blobs.put#1',
  'tasks.advance:proved#1',
  'settleQueue.send#1',
  'chain.allocate#1',
  'chain.addAttempt#1',
  'tasks.advance:submitted#1',
  'tasks.advance:settled#1',
  'tasks.advance:finalized#1',
]
/**
 * Before these lies something that is not in the store: the proof, the broadcast, the block. Elsewhere, before a write is the same as after the one
 * before it.
 */
const AFTER_THE_WORLD = ['messages.append#1', 'blobs.put#1', 'tasks.advance:submitted#1', 'tasks.advance:settled#1']

describe('a process killed between two steps', () => {
  const dir = makeTempDir()
  // Each has a chain of its own, so that two are killed at a time.
  let lanes: Awaited<ReturnType<typeof openLane>>[] = []
  beforeAll(async () => {
    lanes = await Promise.all(['a', 'b'].map((name) => openLane(join(dir.path, name))))
  })
  afterAll(async () => {
    for (const lane of lanes) await lane.close()
    dir.remove()
  })

  it('finishes with exactly one result on the chain, whichever step it was', { timeout: 300_000 }, async () => {
    const calls = (await lanes[0]?.walk(null))?.calls ?? []
    expect(calls).toEqual(expect.arrayContaining(STEPS))
    const cuts: Cut[] = [
      ...AFTER_THE_WORLD.map((call) => ({ call, when: 'before' }) as const),
      ...calls.map((call) => ({ call, when: 'after' }) as const),
    ]
    const killed: Cut[] = []
    const left = cuts.values()
    await Promise.all(
      lanes.map(async (lane) => {
        for (const cut of left) if ((await lane.walk(cut)).killed) killed.push(cut)
      }),
    )
    // Calls that depend on who is first may not come in every run; each step of the road does.
    for (const call of STEPS.slice(0, -1)) expect(killed).toContainEqual({ call, when: 'after' })
    for (const call of AFTER_THE_WORLD) expect(killed).toContainEqual({ call, when: 'before' })
  })
})

/** A chain with a project, and data directories that know it. */
async function openLane(dir: string) {
  const anvil = await testAnvil()
  const template = join(dir, 'template')
  const runtimes = new Map([['halo2', new InstantRuntime()]] as const)
  const node = await startLocal({ port: 0, dataDir: template, rpc: anvil.url, logLevel: 'silent', runtimes })
  const { projectId, dapp } = await instantProject(node, { devices: { unsigned: 'reject' } })
  const { contracts } = node
  await node.close()
  const chain = createTestClient({ mode: 'anvil', transport: http(anvil.url) }).extend(publicActions)
  let start = await chain.snapshot()
  let copies = 0

  return {
    /** Walks the road from the beginning, again after it was killed at the cut, to its one result. */
    async walk(cut: Cut | null): Promise<{ killed: boolean; calls: readonly string[] }> {
      await chain.revert({ id: start })
      start = await chain.snapshot()
      const dataDir = join(dir, `copy-${copies++}`)
      cpSync(template, dataDir, { recursive: true })
      const at = (where: Cut | null) => [dataDir, anvil.url, String(projectId), where?.call ?? '', where?.when ?? '']
      const first = await runRoad(at(cut))
      const finished = first === null ? await runRoad(at(null)) : first
      const label = cut === null ? 'not killed' : `killed ${cut.when} ${cut.call}`
      if (finished === null) throw new Error(`${label}: killed by somebody else`)
      expect(finished.receipt, label).toMatchObject({ verified: true, finalized: true })
      expect(await settledEvents(anvil.url, contracts), label).toBe(1)
      expect(await settledEvents(anvil.url, contracts, finished.receipt.taskId ?? ''), label).toBe(1)
      const told = await chain.readContract({ address: dapp, abi: weatherStatsAbi, functionName: 'taskCount' })
      expect(told, label).toBe(1n)
      return { killed: first === null, calls: finished.calls }
    },
    close: () => anvil.stop(),
  }
}

/** Runs one process to its end. @returns what it printed, or null when it was killed */
function runRoad(args: readonly string[]): Promise<{ calls: readonly string[]; receipt: Receipt } | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'roadProcess.ts'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
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
}
