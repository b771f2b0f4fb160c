import { mkdirSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { type Domain, projectId } from '@w3bstream/protocol'
import type { Bench } from './Bench.ts'
import type { Figure } from './Figure.ts'
import { Fleet, type KeyType } from './Fleet.ts'
import { fsyncTime } from './fsyncTime.ts'
import { IngestServer } from './IngestServer.ts'
import { generateLoad, type LoadResult } from './loadGenerator.ts'
import { median } from './median.ts'
import { testPayload } from './testPayload.ts'

/** Makes the bodies of one run; null when there are no more. */
type Bodies = (server: IngestServer, seconds: number) => Promise<() => string | null>

interface Line {
  readonly name: string
  readonly path: string
  readonly connections: number
  /** Messages a request. */
  readonly batch: number
  readonly bodies: Bodies
  readonly atLeast: number
  /** Milliseconds; null: not asked for. */
  readonly p99AtMost: number | null
}

const DEVICES = 1_000
/** Signed messages prepared for a second: more than can be taken in. */
const SIGNED_PER_SECOND = 15_000
const BATCH = 100

const UNSIGNED = { connections: 64, batch: 1, atLeast: 10_000, p99AtMost: 50 } as const
const SIGNED = { path: '/v1/messages', connections: 64, batch: 1, atLeast: 5_000, p99AtMost: 100 } as const

const LINES: readonly Line[] = [
  { ...UNSIGNED, name: 'unsigned, POST /message', path: '/message', bodies: older },
  { ...UNSIGNED, name: 'unsigned, POST /v1/messages', path: '/v1/messages', bodies: v1 },
  { ...SIGNED, name: 'signed, secp256k1 (EIP-712)', bodies: signed('secp256k1') },
  { ...SIGNED, name: 'signed, ed25519', bodies: signed('ed25519') },
  { ...SIGNED, name: 'signed, P-256', bodies: signed('p256') },
  {
    name: `unsigned, POST /v1/messages/batch, ${BATCH} a request`,
    path: '/v1/messages/batch',
    connections: 8,
    batch: BATCH,
    bodies: batches,
    atLeast: 20_000,
    p99AtMost: null,
  },
]

/** Messages a second through HTTP until durable: the whole system in one process, load from this one, two cores for both. */
export async function ingest(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const line of LINES.filter(({ name }) => name.includes(bench.only)))
    figures.push(...(await measure(bench, line)))
  return figures
}

interface Run extends LoadResult {
  readonly serverCores: number
  readonly generatorCores: number
  /** Messages not packed yet when the run ended. */
  readonly unpacked: number
}

async function measure(bench: Bench, line: Line): Promise<Figure[]> {
  // A new store a line, so that no line pays for the one before.
  const dir = join(bench.dir, String(LINES.indexOf(line)))
  mkdirSync(dir)
  const fsyncMs = fsyncTime(dir)
  const server = await IngestServer.start(join(dir, 'data'), bench.profileDir)
  try {
    await run(server, line, 2)
    const load1m = loadavg()[0] ?? 0
    const runs: Run[] = []
    for (let i = 0; i < bench.runs; i++) {
      const done = await run(server, line, bench.seconds)
      runs.push(done)
      bench.say(
        `${line.name}: ${Math.round(done.perSecond * line.batch)}/s, p50 ${done.p50.toFixed(1)} ms, p99 ${done.p99.toFixed(1)} ms`,
      )
    }
    return figuresOf(line, runs, { fsyncMs, load1m })
  } finally {
    await server.stop()
  }
}

async function run(server: IngestServer, line: Line, seconds: number): Promise<Run> {
  const body = await line.bodies(server, seconds)
  const before = await server.state()
  const own = process.cpuUsage()
  const result = await generateLoad({
    port: server.ready.port,
    path: line.path,
    connections: line.connections,
    durationMs: seconds * 1_000,
    body,
  })
  const spent = process.cpuUsage(own)
  const after = await server.state()
  if (result.failed > 0) throw new Error(`${line.name}: ${result.failed} requests failed: ${result.firstFailure}`)
  return {
    ...result,
    serverCores: (after.cpuMs - before.cpuMs) / 1_000 / result.seconds,
    generatorCores: (spent.user + spent.system) / 1e6 / result.seconds,
    unpacked: after.waiting,
  }
}

function figuresOf(line: Line, runs: readonly Run[], conditions: { fsyncMs: number; load1m: number }): Figure[] {
  const middle = median(runs, (one) => one.perSecond)
  const rates = runs.map((one) => one.perSecond * line.batch)
  const latency = (name: 'p50' | 'p99', target: number | null): Figure => ({
    name: `${line.name}: ${name}`,
    value: middle[name],
    unit: 'ms',
    target: target === null ? null : { atMost: target },
    beside: {},
  })
  return [
    {
      name: line.name,
      value: middle.perSecond * line.batch,
      unit: 'messages/s',
      target: { atLeast: line.atLeast },
      beside: {
        ...conditions,
        slowest: Math.min(...rates),
        fastest: Math.max(...rates),
        serverCores: middle.serverCores,
        generatorCores: middle.generatorCores,
        unpacked: middle.unpacked,
      },
    },
    latency('p50', null),
    latency('p99', line.p99AtMost),
  ]
}

/** Repeats prepared bodies for ever: an unsigned message is a new one each time. */
function endless(bodies: readonly string[]): () => string | null {
  let at = 0
  return () => bodies[at++ % bodies.length] ?? null
}

const payloads = (count: number): string[] => Array.from({ length: count }, (_, i) => testPayload(i))

async function older({ ready }: IngestServer): Promise<() => string | null> {
  const { projectId, version } = ready
  return endless(
    payloads(1_000).map(
      (data) => `{"projectID":${projectId},"projectVersion":"${version}","data":${JSON.stringify(data)}}`,
    ),
  )
}

const v1Messages = ({ ready: { projectId, version } }: IngestServer): string[] =>
  payloads(1_000).map((data) => JSON.stringify({ projectId, version, data }))

async function v1(server: IngestServer): Promise<() => string | null> {
  return endless(v1Messages(server))
}

async function batches(server: IngestServer): Promise<() => string | null> {
  const messages = v1Messages(server)
  return endless(
    Array.from(
      { length: messages.length / BATCH },
      (_, i) => `{"messages":[${messages.slice(i * BATCH, (i + 1) * BATCH)}]}`,
    ),
  )
}

function signed(type: KeyType): Bodies {
  const fleets = new WeakMap<IngestServer, Fleet>()
  return async (server, seconds) => {
    const fleet = fleets.get(server) ?? new Fleet(type, DEVICES)
    fleets.set(server, fleet)
    const { ready } = server
    const domain: Domain = { chainId: BigInt(ready.chainId), verifyingContract: ready.registry }
    const bodies: string[] = []
    for (let i = 0; i < seconds * SIGNED_PER_SECOND; i++)
      bodies.push(
        await fleet.message({
          domain,
          projectId: projectId(ready.projectId),
          version: ready.version,
          data: testPayload(i),
        }),
      )
    let at = 0
    return () => bodies[at++] ?? null
  }
}
