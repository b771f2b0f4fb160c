/*
 * One variant of the pipeline benchmark, in a process of its own. Arguments: data directory, variant, runs. Sends its measurements over IPC.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { IngestRequest } from '@w3bstream/core'
import { type LocalNode, startLocal } from '@w3bstream/local'
import type { ProjectId, TaskState } from '@w3bstream/protocol'
import { InstantRuntime } from '../support/InstantRuntime.ts'
import { instantProject } from '../support/instantProject.ts'
import { until } from '../support/until.ts'
import { LOAD, type Measured, type Rates } from './pipeline.ts'

const PAYLOAD = '{"t":5}'
const [dataDir = '', variant, runs] = process.argv.slice(2)

const node = await startLocal({
  port: 0,
  dataDir,
  runtimes: new Map([['halo2', new InstantRuntime()]]),
  provers: LOAD.provers,
})
try {
  const outputs = [{ type: variant === 'settled' ? 'settlement' : 'stdout' }]
  const { projectId: project } = await instantProject(node, { outputs })
  await road(node, project, 300)
  const cpu = process.cpuUsage()
  const latencies = await latency(node, project)
  const rates: Rates[] = []
  const before = process.cpuUsage(cpu)
  for (let i = 0; i < Number(runs); i++) rates.push(await road(node, project, LOAD.tasks))
  const spent = process.cpuUsage(cpu)
  const cpuMsATask = (spent.user + spent.system - before.user - before.system) / 1_000 / LOAD.tasks / Number(runs)
  process.send?.({ latencies, rates, cpuMsATask } satisfies Measured)
} finally {
  await node.close()
  process.disconnect()
}

/** Takes so many messages in at once, a task each, and waits until each is proved and delivered. */
async function road(node: LocalNode, project: ProjectId, tasks: number): Promise<Rates> {
  const [packed, proved, finalized]: [number[], number[], number[]] = [[], [], []]
  const times: Partial<Record<TaskState, number[]>> = { packed, proved, finalized }
  let failed = ''
  const unwatch = node.store.tasks.watch((_, { state, reason }) => {
    times[state]?.push(performance.now())
    if (state === 'failed') failed = reason
  })
  const request: IngestRequest = {
    projectId: project,
    version: '0.1',
    payload: PAYLOAD,
    credential: { type: 'none' },
    idempotencyKey: null,
    source: '',
  }
  for (let sent = 0; sent < tasks; sent += 100) await node.w3b.ingest(Array.from({ length: 100 }, () => request))
  await until(
    `${tasks} tasks`,
    () => {
      if (failed !== '') throw new Error(`a task failed: ${failed}`)
      return finalized.length >= tasks
    },
    300_000,
  )
  unwatch()
  const rate = (ends: readonly number[]): number => (tasks * 1_000) / ((ends.at(-1) ?? 0) - (packed[0] ?? 0))
  return { proved: rate(proved), finalized: rate(finalized) }
}

/** Milliseconds from sending one message through HTTP to its proof being stored, one message at a time. */
async function latency(node: LocalNode, project: ProjectId): Promise<number[]> {
  const times: number[] = []
  const body = JSON.stringify({ projectId: String(project), version: '0.1', data: PAYLOAD })
  for (let i = 0; i < LOAD.messages; i++) {
    const started = performance.now()
    const proved = Promise.withResolvers<number>()
    const final = Promise.withResolvers<void>()
    const unwatch = node.store.tasks.watch((_, { state, reason }) => {
      if (state === 'proved') proved.resolve(performance.now() - started)
      if (state === 'finalized') final.resolve()
      if (state === 'failed') proved.reject(new Error(`the task failed: ${reason}`))
    })
    const answer = await fetch(`${node.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    if (!answer.ok) throw new Error(`the message was refused: ${await answer.text()}`)
    await answer.arrayBuffer()
    times.push(await proved.promise)
    await final.promise
    unwatch()
    await sleep(LOAD.everyMs)
  }
  return times
}
