import { setTimeout as pause } from 'node:timers/promises'
import type { Runtime } from '@w3bstream/core'
import type { VmType } from '@w3bstream/protocol'
import { type StreamPumpOptions, streamPump } from '@w3bstream/store-aws/testing'
import type { SQSRecord } from 'aws-lambda'
import { createLambda } from '../../../functions/ingest/createLambda.ts'
import { ORIGIN_SECRET_HEADER } from '../../../functions/ingest/originOf.ts'
import { type RunningNode, startNode } from '../../../functions/node/startNode.ts'
import { type RunningProver, startProver } from '../../../functions/prover/startProver.ts'
import { segmentsHandler } from '../../../functions/sequencer/segmentsHandler.ts'
import { sequenceHandler } from '../../../functions/sequencer/sequenceHandler.ts'
import { settleHandler } from '../../../functions/settler/settleHandler.ts'
import { eventOf } from '../../../functions/testing/functionUrl.ts'
import { InstantRuntime } from '../../support/InstantRuntime.ts'
import { sqsPump } from '../../support/sqsPump.ts'
import { until } from '../../support/until.ts'
import { type CloudDeployment, ORIGIN_SECRET, type TestCloud } from './testCloud.ts'

/** The schedule of tests: a minute would be long. */
export const SWEEP_MS = 1_000
const CONTEXT = { getRemainingTimeInMillis: () => 20_000 }

export type UnitName = 'ingest' | 'segments' | 'sequencer' | 'settler' | 'prover' | 'node'

export interface UnitsOptions {
  /** In place of the sandboxed runtimes; null: no prover. Default: one that is done at once. */
  readonly runtimes?: ReadonlyMap<VmType, Runtime> | null
  readonly node?: boolean
  readonly settler?: boolean
  /** In place of the stream's own pump. */
  readonly stream?: Omit<StreamPumpOptions, 'table'>
  readonly reshape?: (records: SQSRecord[]) => SQSRecord[]
  /** The variables that a unit starts with. Default: the deployment's. */
  readonly envOf?: (unit: UnitName) => Readonly<Record<string, string>>
  /** The variables of a unit's next call, where they are not the deployment's: fresh ones make a fresh instance. */
  readonly variables?: (unit: 'segments' | 'sequencer' | 'settler') => Readonly<Record<string, string>> | null
}

/** Every unit of a deployment at work: real handlers on real events. */
export class Units {
  readonly deployment: CloudDeployment
  readonly prover: RunningProver | null
  readonly node: RunningNode | null
  readonly pumps: { readonly errors: readonly unknown[]; stop(): Promise<void> }[]
  readonly stream: ReturnType<typeof streamPump>
  /** How often the schedule's call has ended. */
  readonly sweeps: () => number
  readonly #ingest: ReturnType<typeof createLambda>

  private constructor(
    parts: Pick<Units, 'deployment' | 'prover' | 'node' | 'pumps' | 'stream' | 'sweeps'>,
    ingestEnv: Readonly<Record<string, string>>,
  ) {
    this.deployment = parts.deployment
    this.prover = parts.prover
    this.node = parts.node
    this.pumps = parts.pumps
    this.stream = parts.stream
    this.sweeps = parts.sweeps
    this.#ingest = createLambda(ingestEnv, () => {})
  }

  static async start(cloud: TestCloud, deployment: CloudDeployment, options: UnitsOptions = {}): Promise<Units> {
    const { queues, tables } = deployment
    const { direct } = cloud.aws
    const { variables = () => null, envOf = () => deployment.env, reshape } = options
    const unit = <H>(
      name: 'segments' | 'sequencer' | 'settler',
      make: (env: Readonly<Record<string, string>>) => H,
    ) => {
      const usual = make(envOf(name))
      return (): H => {
        const others = variables(name)
        return others === null ? usual : make(others)
      }
    }
    const segments = unit('segments', segmentsHandler)
    const sequence = unit('sequencer', (env) => sequenceHandler(env, SWEEP_MS))
    const settle = unit('settler', settleHandler)
    const stream = streamPump(direct, {
      handler: ({ Records }) => segments()({ Records: Records as never }),
      ...options.stream,
      table: tables.messages,
    })
    const shaped = reshape === undefined ? {} : { reshape }
    const minutes = schedule(() => sequence()(scheduled(), CONTEXT))
    const pumps = [
      stream,
      sqsPump(direct, { url: queues.pack.url, handler: (event) => sequence()(event, CONTEXT), ...shaped }),
      ...(options.settler === false
        ? []
        : [sqsPump(direct, { url: queues.settle.url, handler: (event) => settle()(event), ...shaped })]),
      minutes,
    ]
    const instant = new Map<VmType, Runtime>([['halo2', new InstantRuntime()]])
    const { runtimes = instant } = options
    const prover =
      runtimes === null
        ? null
        : await startProver(envOf('prover'), { runtimes, drainMs: 0, leaseMs: 10_000, visibilityMs: 10_000 })
    const node = options.node === true ? await startNode(envOf('node'), { leaseMs: 3_000, pauseMs: 100 }) : null
    const units = new Units({ deployment, prover, node, pumps, stream, sweeps: minutes.count }, envOf('ingest'))
    await until(
      'the project to be known',
      async () => {
        const { status } = await units.ask(`/v1/projects/${deployment.projectId}`)
        return status === 200
      },
      60_000,
    )
    return units
  }

  /** Asks the function behind the distribution. */
  async ask(path: string, init: RequestInit = {}): Promise<{ readonly status: number; readonly body: Body }> {
    const request = new Request(`https://w3bstream.example${path}`, init)
    const result = await this.#ingest.buffered(await eventOf(request, { [ORIGIN_SECRET_HEADER]: ORIGIN_SECRET }))
    if (typeof result === 'string') throw new Error(result)
    const text = result.isBase64Encoded ? Buffer.from(result.body ?? '', 'base64').toString() : result.body
    return { status: result.statusCode ?? 200, body: JSON.parse(text ?? 'null') }
  }

  /** Posts messages, each of which has to be accepted. @returns their ids */
  async post(messages: readonly Readonly<Record<string, unknown>>[]): Promise<string[]> {
    const { status, body } = await this.ask('/v1/messages/batch', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages }),
    })
    const results: unknown = body.results
    if (status !== 200 || !Array.isArray(results)) throw new Error(`refused with ${status}: ${JSON.stringify(body)}`)
    return results.map((result: Body) => {
      if (typeof result.messageId === 'string') return result.messageId
      throw new Error(`refused: ${JSON.stringify(result)}`)
    })
  }

  /** Posts messages of a project that wants no signatures. */
  send(count: number): Promise<string[]> {
    const projectId = String(this.deployment.projectId)
    return this.post(Array.from({ length: count }, (_, i) => ({ projectId, data: `{"t":${i % 10}}` })))
  }

  /** Waits until a message's task is in a state. @throws when it failed */
  taskOf(message: string, state: string, timeoutMs = 120_000): Promise<Body> {
    return until(
      `message ${message} to be ${state}`,
      async () => {
        // Each look costs the emulators several calls.
        await pause(50)
        const { body } = await this.ask(`/v1/messages/${message}`)
        if (body.state === state) return body.task as Body
        if (body.state === 'failed') throw new Error(`its task failed: ${JSON.stringify(body.states)}`)
        return null
      },
      timeoutMs,
    )
  }

  /** Waits until all messages' tasks are final. @returns the ids of the tasks, each once */
  async finalized(messages: readonly string[], timeoutMs = 120_000): Promise<string[]> {
    const tasks = new Set<string>()
    for (const message of messages) tasks.add(String((await this.taskOf(message, 'finalized', timeoutMs)).id))
    return [...tasks]
  }

  async stop(): Promise<void> {
    await Promise.all(this.pumps.map((pump) => pump.stop()))
    await Promise.all([this.prover?.close(), this.node?.close()])
  }
}

type Body = Readonly<Record<string, unknown>>

/** The event of the schedule's rule. */
export function scheduled() {
  return {
    version: '0',
    id: 'test',
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: new Date().toISOString(),
    region: 'us-east-1',
    resources: [],
    detail: {},
  }
}

/** Calls again and again; the next call does not wait for a late one. */
function schedule(call: () => Promise<unknown>) {
  const stopping = new AbortController()
  const errors: unknown[] = []
  let ended = 0
  const running = new Set<Promise<void>>()
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      const run = call()
        .then(
          () => {},
          (error: unknown) => void errors.push(error),
        )
        .finally(() => {
          ended++
          running.delete(run)
        })
      running.add(run)
      if (running.size >= 2) await Promise.race(running)
      await pause(SWEEP_MS, null, { signal: stopping.signal }).catch(() => {})
    }
    await Promise.all(running)
  })()
  return {
    errors,
    count: () => ended,
    async stop() {
      stopping.abort()
      await loop
    },
  }
}
