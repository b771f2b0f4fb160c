import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ProjectOwner } from '@w3bstream/chain'
import { type LocalNode, startLocal } from '@w3bstream/local'
import { type Hash, type ProjectId, type TaskId, toHex } from '@w3bstream/protocol'
import { InstantRuntime } from '../support/InstantRuntime.ts'
import { instantProject } from '../support/instantProject.ts'
import { projectFile } from '../support/projectFile.ts'
import { until } from '../support/until.ts'
import type { Bench } from './Bench.ts'
import type { Figure } from './Figure.ts'
import { median } from './median.ts'
import { percentile } from './percentile.ts'

/** What happens to a task beside its (instant) proof. */
interface Variant {
  readonly name: string
  readonly project: (node: LocalNode) => Promise<ProjectId>
  readonly held: boolean
}

const VARIANTS: readonly Variant[] = [
  {
    name: 'checked by its registered verifier on anvil, settled on-chain',
    project: async (node) => (await instantProject(node)).projectId,
    held: true,
  },
  // Anvil is asked all the same, whether there is a verifier.
  { name: 'no verifier registered, result printed', project: printingProject, held: false },
]

const TASKS = 3_000
const LATENCIES = 300
/** Milliseconds between two messages at low load. */
const EVERY_MS = 100
/** Tasks in hand at once. */
const PROVERS = 16
const PAYLOAD = '{"t":5}'

/** Tasks of one message each through the whole local composition with a runtime that returns at once: what everything but proving costs. */
export async function pipeline(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const variant of VARIANTS) {
    const dir = join(bench.dir, String(VARIANTS.indexOf(variant)))
    mkdirSync(dir)
    const node = await startLocal({
      port: 0,
      dataDir: dir,
      runtimes: new Map([['halo2', new InstantRuntime()]]),
      provers: PROVERS,
    })
    try {
      const project = await variant.project(node)
      await road(node, project, 200)
      figures.push(...(await latency(bench, node, project, variant)), await throughput(bench, node, project, variant))
    } finally {
      await node.close()
    }
  }
  return figures
}

async function throughput(bench: Bench, node: LocalNode, project: ProjectId, variant: Variant): Promise<Figure> {
  const runs: number[] = []
  for (let i = 0; i < bench.runs; i++) {
    runs.push(await road(node, project, TASKS))
    bench.say(`${variant.name}: ${Math.round(runs.at(-1) ?? 0)} tasks/s`)
  }
  return {
    name: `packed to proved; ${variant.name}`,
    value: median(runs, (rate) => rate),
    unit: 'tasks/s',
    target: variant.held ? { atLeast: 300 } : null,
    beside: { slowest: Math.min(...runs), fastest: Math.max(...runs), tasks: TASKS, provers: PROVERS },
  }
}

/** Takes so many messages in at once and waits until each is proved and delivered. @returns tasks/s from the first packed to the last proved */
async function road(node: LocalNode, project: ProjectId, tasks: number): Promise<number> {
  let [packedAt, provedAt, proved, over, failed] = [0, 0, 0, 0, '']
  const unwatch = node.store.tasks.watch((_, { state, reason }) => {
    if (state === 'packed') packedAt ||= performance.now()
    if (state === 'proved') {
      proved++
      provedAt = performance.now()
    }
    if (state === 'finalized') over++
    if (state === 'failed') failed = reason
  })
  for (let sent = 0; sent < tasks; sent += 100)
    await node.w3b.ingest(Array.from({ length: Math.min(100, tasks - sent) }, () => request(project)))
  await until(
    `${tasks} tasks`,
    () => {
      if (failed !== '') throw new Error(`a task failed: ${failed}`)
      return over === tasks
    },
    120_000,
  )
  unwatch()
  return (proved * 1_000) / (provedAt - packedAt)
}

const request = (projectId: ProjectId) =>
  ({
    projectId,
    version: '0.1',
    payload: PAYLOAD,
    credential: { type: 'none' },
    idempotencyKey: null,
    source: '',
  }) as const

/** From sending one message through HTTP to its proof being stored, one message at a time. */
async function latency(bench: Bench, node: LocalNode, project: ProjectId, variant: Variant): Promise<Figure[]> {
  const times: number[] = []
  const body = JSON.stringify({ projectId: String(project), version: '0.1', data: PAYLOAD })
  for (let i = 0; i < LATENCIES; i++) {
    const proved = Promise.withResolvers<TaskId>()
    const unwatch = node.store.tasks.watch((id, { state, reason }) => {
      if (state === 'proved') proved.resolve(id)
      if (state === 'failed') proved.reject(new Error(`the task failed: ${reason}`))
    })
    const started = performance.now()
    const answer = await fetch(`${node.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    if (!answer.ok) throw new Error(`the message was refused: ${await answer.text()}`)
    await answer.arrayBuffer()
    await proved.promise
    times.push(performance.now() - started)
    unwatch()
    await sleep(EVERY_MS)
  }
  bench.say(
    `${variant.name}: median ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms`,
  )
  const target = variant.held ? { atMost: 30 } : null
  const figure = (name: string, value: number): Figure => ({
    name: `message to stored proof, ${name}; ${variant.name}`,
    value,
    unit: 'ms',
    target,
    beside: { messages: LATENCIES, everyMs: EVERY_MS },
  })
  return [figure('median', percentile(times, 0.5)), figure('p99', percentile(times, 0.99))]
}

/** A registered project without a verifier, whose results are printed. */
async function printingProject({ operator, contracts, content, keys, syncRegistry }: LocalNode): Promise<ProjectId> {
  if (operator === null) throw new Error('this is for the local chain')
  const owner = new ProjectOwner(operator, contracts)
  const file = projectFile()
  const id = await owner.createProject(
    await content.publish(file),
    toHex(createHash('sha256').update(file).digest()) as Hash,
  )
  await owner.allowSequencer(id, keys.sequencer.address)
  await syncRegistry()
  return id
}
