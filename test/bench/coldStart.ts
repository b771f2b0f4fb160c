import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { LocalSigner } from '@w3bstream/chain'
import { type Did, type Hash, messageDigest, projectId, toHex } from '@w3bstream/protocol'
import { DynamoChainState, openState, S3BlobStore } from '@w3bstream/store-aws'
import { fetchAws } from '@w3bstream/store-aws/fetch'
import { awsTestOptions, createBucket, createTables, startDynamo, startFauxqs } from '@w3bstream/store-aws/testing'
import { z } from 'zod'
import { bundle } from '../../functions/build.mjs'
import { eventOf } from '../../functions/testing/functionUrl.ts'
import { ingestVariables, ORIGIN_SECRET, TEST_DOMAIN } from '../../functions/testing/ingestVariables.ts'
import type { Bench } from './Bench.ts'
import type { Figure } from './Figure.ts'
import { median } from './median.ts'
import { testPayload } from './testPayload.ts'

const CHILD = join(import.meta.dirname, 'coldStart.child.mjs')
/** Starts that count, at least; those before warm the machine's own caches. */
const STARTS = 15
const WARM_UP = 2
const PROJECT = projectId(1)

const RUN = z.object({
  bootMs: z.number(),
  importMs: z.number(),
  firstMs: z.number(),
  totalMs: z.number(),
  cpuMs: z.number(),
  secondMs: z.number(),
  rssMb: z.number(),
  answers: z.array(z.object({ status: z.literal(200), body: z.string().includes('"duplicate":false') })),
})

type Run = z.infer<typeof RUN>

/**
 * The ingest function from the start of its process to its first durable answer: a signed message of 1 KB, through the bundle that is deployed, into an
 * emulator of DynamoDB on this machine.
 */
export async function coldStart(bench: Bench): Promise<Figure[]> {
  const { file, bytes, gzipped, packages } = await bundle('ingest')
  const [dynamo, fauxqs] = await Promise.all([startDynamo(), startFauxqs()])
  try {
    const options = awsTestOptions({ dynamo: dynamo.url, fauxqs: fauxqs.url })
    const tables = { messages: 'bench-messages', state: 'bench-state' }
    const bucket = 'bench'
    await Promise.all([createTables(options, tables), createBucket(options, bucket)])
    await registerProject(fetchAws(options), tables.state, bucket)
    const env = ingestVariables({
      env: {
        AWS_REGION: options.region,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_ENDPOINT_URL_DYNAMODB: dynamo.url,
        AWS_ENDPOINT_URL_S3: fauxqs.url,
        W3B_TABLE_MESSAGES: tables.messages,
        W3B_TABLE_STATE: tables.state,
        W3B_BUCKET: bucket,
      },
    })
    const cache = join(bench.dir, 'compile-cache')
    mkdirSync(cache)
    let nonce = 0n
    const measure = async (name: string, ...extra: string[]): Promise<Figure> => {
      const runs: Run[] = []
      for (let i = 0; i < WARM_UP + Math.max(STARTS, bench.runs); i++) {
        const events = join(bench.dir, 'events.json')
        writeFileSync(events, JSON.stringify([await signedEvent(nonce++), await signedEvent(nonce++)]))
        const run = await start([CHILD, file, events, ...extra], env)
        if (i >= WARM_UP) runs.push(run)
      }
      const middle = median(runs, (run) => run.totalMs)
      bench.say(`${name}: ${middle.totalMs.toFixed(0)} ms`)
      return {
        name,
        value: middle.totalMs,
        unit: 'ms',
        target: { atMost: 160 },
        beside: {
          'Node itself': median(runs, (run) => run.bootMs).bootMs,
          import: median(runs, (run) => run.importMs).importMs,
          'first call': median(runs, (run) => run.firstMs).firstMs,
          'second call': median(runs, (run) => run.secondMs).secondMs,
          'CPU time': median(runs, (run) => run.cpuMs).cpuMs,
          slowest: Math.max(...runs.map((run) => run.totalMs)),
          'memory MB': median(runs, (run) => run.rssMb).rssMb,
        },
      }
    }
    return [
      await measure('ingest: process start to first durable answer'),
      await measure('the same with a compile cache', cache),
      {
        name: 'ingest bundle, minified',
        value: bytes / 1e6,
        unit: 'MB',
        target: { atMost: 1 },
        beside: {
          'KB gzipped': gzipped / 1000,
          ...Object.fromEntries(
            Object.entries(packages)
              .slice(0, 8)
              .map(([name, size]) => [`KB ${name}`, size / 1000]),
          ),
        },
      },
    ]
  } finally {
    await Promise.all([dynamo.stop(), fauxqs.stop()])
  }
}

/** Does what the sequencer's listener does for a registered project. */
async function registerProject(aws: ReturnType<typeof fetchAws>, stateTable: string, bucket: string): Promise<void> {
  // hex(zlib("program")): nothing here runs it.
  const file = JSON.stringify([{ vmType: 'halo2', version: '0.1', code: '789c2b28ca4f2f4acc05000c0f02f9' }])
  const hash = await new S3BlobStore({ aws }, { bucket }).put(new TextEncoder().encode(file))
  const { table } = await openState({ aws }, { table: stateTable })
  await new DynamoChainState({ table }).saveProject({
    id: PROJECT,
    uri: 'https://project.example/1',
    hash,
    paused: false,
    owner: TEST_DOMAIN.verifyingContract,
    block: 1n,
  })
}

const device = LocalSigner.fromHex('22'.repeat(32))
const did = `did:io:${device.address.slice(2)}` as Did

async function signedEvent(nonce: bigint) {
  const data = testPayload(Number(nonce))
  const payloadHash = toHex(createHash('sha256').update(data).digest()) as Hash
  const digest = messageDigest(TEST_DOMAIN, { projectId: PROJECT, version: '0.1', device: did, nonce, payloadHash })
  const body = {
    projectId: PROJECT.toString(),
    version: '0.1',
    data,
    device: did,
    nonce: nonce.toString(),
    signature: device.signNow(digest),
  }
  const request = new Request('https://bench.example/v1/messages', { method: 'POST', body: JSON.stringify(body) })
  return eventOf(request, { 'x-w3b-origin': ORIGIN_SECRET, 'cloudfront-viewer-address': '198.51.100.10:46532' })
}

/** Runs the stand-in for the Lambda runtime once. */
async function start(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Run> {
  const child = spawn(process.execPath, [...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [out, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), exit])
  if (code !== 0) throw new Error(`the handler ended with ${code}: ${errors}`)
  return RUN.parse(JSON.parse(out.trimEnd().split('\n').at(-1) ?? ''))
}
