import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { deflateSync } from 'node:zlib'
import { startLocal } from '@w3bstream/local'
import { createRuntimes, findNative } from '@w3bstream/runtimes'
import { z } from 'zod'
import { projectFile } from '../support/projectFile.ts'
import { until } from '../support/until.ts'
import type { Bench } from './Bench.ts'
import type { Figure } from './Figure.ts'
import { median } from './median.ts'
import { guestJob } from './proofJobs.ts'
import { spinGuest } from './spinGuest.ts'

const run = promisify(execFile)
const never = new AbortController().signal
const PROVED = z.looseObject({ provingMs: z.number(), execution: z.looseObject({ segments: z.number() }) })
const POSTED = z.looseObject({ messageId: z.string() })
const same = (value: number): number => value
/** Bytes that a segment of 2^po2 rows takes at most, with what a prover takes beside. */
const segmentBytes = (po2: number): number => 96 * 2 ** 20 + 9_300 * 2 ** po2
const HOUR_MS = 3_600_000
/** The memory limit that a project states for the pipeline's guest: segments of 2^16. */
const SEGMENT_16 = segmentBytes(16)

/** RISC Zero through a whole node, and what its proofs take of memory: three quarters of an hour of all cores. `--only pipeline` takes minutes. */
export async function risc0(bench: Bench): Promise<Figure[]> {
  const found = findNative()
  if (found === null || !existsSync(found.binary))
    throw new TypeError('build the native runtime first: npm run build:native')
  const native = { ...found, stateDir: join(bench.dir, 'state') }
  const figures: Figure[] = []
  if ('pipeline overhead'.includes(bench.only)) figures.push(await pipeline(bench, native))
  for (const [name, po2, cycles] of [
    ['memory of one segment of 2^18', 18, 150_000],
    ['memory of one segment of 2^20', 20, 700_000],
    // Of a segment's rows nearly 30,000 are not the program's own.
    ['memory of 20 segments of 2^16', 16, 670_000],
  ] as const)
    if (name.includes(bench.only)) figures.push(await memory(bench, native, name, po2, cycles))
  return figures
}

type Native = NonNullable<ReturnType<typeof findNative>>

/** From the assignment to the stored proof on a node, over what the binary says that the proof alone took. */
async function pipeline(bench: Bench, native: Native): Promise<Figure> {
  const guest = spinGuest(2 ** 15)
  const file = join(bench.dir, 'guest.elf')
  writeFileSync(file, guest)
  const projectsDir = join(bench.dir, 'projects')
  mkdirSync(projectsDir)
  const code = deflateSync(guest).toString('hex')
  writeFileSync(join(projectsDir, '7'), projectFile({ vmTypeID: 1, code, limits: { memoryBytes: SEGMENT_16 } }))
  const node = await startLocal({ port: 0, dataDir: join(bench.dir, 'node'), projectsDir, logLevel: 'warn', native })
  const direct: number[] = []
  const through: number[] = []
  try {
    // The first starts the native runtime, and reads the guest.
    for (let i = -1; i < bench.runs; i++) {
      const { stdout } = await run(
        native.binary,
        [
          'prove',
          file,
          '--input',
          '["{}"]',
          '--input',
          '{}',
          '--out',
          join(bench.dir, 'receipt'),
          '--memory',
          String(SEGMENT_16),
        ],
        { timeout: HOUR_MS, maxBuffer: 2 ** 24 },
      )
      const whole = await proveOn(node.url)
      if (i < 0) continue
      direct.push(PROVED.parse(JSON.parse(stdout)).provingMs)
      through.push(whole)
      bench.say(`direct ${direct.at(-1)} ms, through a node ${whole} ms`)
    }
  } finally {
    await node.close()
  }
  const [own, all] = [median(direct, same), median(through, same)]
  return {
    name: 'RISC Zero, pipeline overhead: a node over the binary alone',
    value: all / own,
    unit: 'ratio',
    target: { atMost: 1.03 },
    beside: { directMs: own, throughMs: all },
  }
}

/** @returns milliseconds from a task's assignment to its proof */
async function proveOn(url: string): Promise<number> {
  const ask = async (path: string, init?: RequestInit): Promise<unknown> =>
    (await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(60_000) })).json()
  const body = JSON.stringify({
    projectId: '7',
    data: `{"n":"${createHash('sha256').update(String(performance.now())).digest('hex')}"}`,
  })
  const { messageId } = POSTED.parse(await ask('/v1/messages', { method: 'POST', body }))
  const states = z.looseObject({
    states: z.array(z.looseObject({ state: z.string(), time: z.string(), reason: z.string() })),
  })
  return until(
    'the task to be proved',
    async () => {
      const { states: lines } = states.parse(await ask(`/v1/messages/${messageId}`))
      const failed = lines.find(({ state }) => state === 'failed')
      if (failed !== undefined) throw new Error(failed.reason)
      const [assigned, proved] = ['assigned', 'proved'].map((wanted) => lines.find(({ state }) => state === wanted))
      return assigned === undefined || proved === undefined ? null : Date.parse(proved.time) - Date.parse(assigned.time)
    },
    HOUR_MS,
    // Asked more often, the asking would take cores from the proof; the log has the times.
    1_000,
  )
}

async function memory(bench: Bench, native: Native, name: string, po2: number, cycles: number): Promise<Figure> {
  await using all = createRuntimes({ native })
  const started = performance.now()
  const limits = { timeoutMs: 2 * HOUR_MS, memoryBytes: segmentBytes(po2) }
  const output = await all
    .get('risc0')
    ?.prove(guestJob(1, spinGuest(cycles), limits), never, ({ phase, done, planned }) =>
      bench.say(`${phase} ${done} of ${planned}`),
    )
  if (output?.usage === undefined) throw new TypeError('the runtime does not say what the proof took')
  return {
    name: `RISC Zero, ${name}`,
    value: output.usage.memoryBytes / 2 ** 20,
    unit: 'MB',
    target: { atMost: limits.memoryBytes / 2 ** 20 },
    beside: { seconds: (performance.now() - started) / 1_000, proofBytes: output.proof.length },
  }
}
