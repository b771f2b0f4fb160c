import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { ProjectOwner } from '@w3bstream/chain'
import type { Runtime } from '@w3bstream/core/ports'
import { type LocalNode, startLocal } from '@w3bstream/local'
import { hash, type ProjectId, toHex } from '@w3bstream/protocol'
import { createRuntimes, type Runtimes } from '@w3bstream/runtimes'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { echoModule, proveModule } from '../../packages/runtimes/src/test/programs.ts'
import { wat } from '../../packages/runtimes/src/test/wat.ts'
import { processTree } from '../bench/processTree.ts'
import { projectFile } from '../support/projectFile.ts'
import { client } from './support/client.ts'
import { makeTempDir } from './support/makeTempDir.ts'

describe('a runtime on a node', () => {
  const dir = makeTempDir()
  let runtimes: Runtimes
  let node: LocalNode
  let good: ProjectId

  beforeAll(async () => {
    runtimes = createRuntimes()
    const halo2 = runtimes.get('halo2')
    if (halo2 === undefined) throw new Error('there is no halo2 runtime')
    node = await startLocal({
      port: 0,
      dataDir: dir.path,
      logLevel: 'silent',
      runtimes: new Map<Runtime['vmType'], Runtime>([
        ['halo2', halo2],
        ['zkwasm', telling],
      ]),
    })
    good = await register({ code: deflateSync(await wat(echoModule)).toString('hex') })
    await client(node).taskOf(await client(node).send(good), 'finalized')
  })
  afterAll(async () => {
    await node?.close()
    await runtimes?.close()
    dir.remove()
  })

  /** Publishes and registers a project. */
  async function register(version: Readonly<Record<string, unknown>>): Promise<ProjectId> {
    const { operator, contracts, content } = node
    if (operator === null) throw new Error('a local chain has an operator')
    const file = projectFile(version)
    const fileHash = hash(toHex(createHash('sha256').update(file).digest()))
    const id = await new ProjectOwner(operator, contracts).createProject(await content.publish(file), fileHash)
    await node.syncRegistry()
    return id
  }

  it('that is killed in mid-proof costs its task one more try, then the task alone', async () => {
    const { post, send, task, taskOf } = client(node)
    const code = deflateSync(await wat(proveModule({ code: '(loop $l (br $l))' }))).toString('hex')
    const victim = await register({ code })
    expect((await post(victim)).status).toBe(200)
    const attack = await vi.waitFor(async () => {
      const [found] = (await node.w3b.tasks({ projectId: victim, limit: 1 })).tasks
      if (found?.state !== 'assigned') throw new Error('it is not assigned yet')
      return found.id
    })
    const killed = new Set<number>()
    // Once it computes: a process that only starts would be another's fault.
    await vi.waitFor(
      async () => {
        for (const pid of runtimes.pids.filter((one) => !killed.has(one)))
          if (processTree(pid).reduce((sum, { cpuMs }) => sum + cpuMs, 0) > 1_500) {
            killed.add(pid)
            process.kill(pid, 'SIGKILL')
          }
        expect((await task(attack)).state).toBe('failed')
      },
      { timeout: 50_000, interval: 50 },
    )
    expect(killed.size).toBe(2)
    const { failure, states } = await task(attack)
    expect(failure).toBe('The halo2 runtime was lost: its process was ended by SIGKILL')
    expect(states.map(({ state, reason }) => [state, reason]).slice(2)).toEqual([
      ['assigned', `to be proved once more: ${failure}`],
      ['failed', failure],
    ])
    const letters = await vi.waitFor(async () => {
      const found = await node.store.queue('prove').deadLetters(10)
      expect(found).toHaveLength(1)
      return found
    })
    expect(letters).toMatchObject([{ body: attack, reason: failure }])
    await taskOf(await send(good), 'finalized')
  }, 90_000)

  it('that tells how far a proof is, tells it to whoever asks', async () => {
    const { send, taskOf } = client(node)
    const project = await register({ vmTypeID: 3 })
    const message = await send(project)
    const events = await fetch(`${node.url}/v1/messages/${message}/events`)
    const { states, number } = await taskOf(message, 'finalized')
    const lines = states.map(({ state, reason }) => [state, reason])
    expect(lines.slice(2, 4)).toEqual([
      ['assigned', 'proving: 1 of 3 segments'],
      ['assigned', 'proving: 3 of 3 segments'],
    ])
    expect(lines[4]).toEqual(['proved', 'no verifier is registered: checked by image id 0x12'])
    const seen = await events.text()
    for (const line of ['proving: 1 of 3 segments', 'proving: 3 of 3 segments']) expect(seen).toContain(line)
    // The older API's clients know each state once.
    const older = await (await fetch(`${node.url}/task/${project}/${number}`)).json()
    const shown = (older as { states: { state: string; comment: string }[] }).states
    expect(shown.map(({ state }) => state)).toEqual(['packed', 'dispatched', 'proved', 'outputted'])
    expect(shown[1]?.comment).toBe('proving: 3 of 3 segments')
  })
})

/** A proof of a little more than a second, in three segments. */
const telling: Runtime = {
  vmType: 'zkwasm',
  prove: async (_job, _signal, onProgress) => {
    onProgress?.({ phase: 'proving', done: 1, planned: 3 })
    await new Promise((resolve) => setTimeout(resolve, 1_300))
    onProgress?.({ phase: 'proving', done: 3, planned: 3 })
    return { proof: Uint8Array.of(1), outputs: '0x', publicInputs: [], raw: '01', checkedBy: 'image id 0x12' }
  },
  close: async () => {},
}
