import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import type { Bench } from './Bench.ts'
import type { Figure } from './Figure.ts'
import { median } from './median.ts'

const ROOT = join(import.meta.dirname, '../..')
const RECEIPT = z.looseObject({ verified: z.literal(true), timings: z.record(z.string(), z.number()) })

/** `npm start -- --once` on an installed checkout, each time in a new data directory. */
export async function start(bench: Bench): Promise<Figure[]> {
  const runs: { readonly seconds: number; readonly timings: Readonly<Record<string, number>> }[] = []
  for (let i = 0; i < bench.runs; i++) {
    const done = await once(join(bench.dir, String(i)))
    bench.say(`${done.seconds.toFixed(1)} s, of which proving ${done.timings.proved ?? 0} ms`)
    runs.push(done)
  }
  const middle = median(runs, (run) => run.seconds)
  const proving = runs.map((run) => run.timings.proved ?? Number.NaN)
  return [
    {
      name: 'npm start -- --once',
      value: middle.seconds,
      unit: 's',
      target: { atMost: 10 },
      beside: { slowest: Math.max(...runs.map((run) => run.seconds)), ...middle.timings },
    },
    {
      name: 'of which proving',
      value: median(proving, (ms) => ms),
      unit: 'ms',
      target: { atMost: 3_000 },
      beside: { slowest: Math.max(...proving) },
    },
  ]
}

async function once(dataDir: string) {
  const started = performance.now()
  const child = spawn('npm', ['start', '--silent', '--', '--once', '--json', '--port', '0', '--data-dir', dataDir], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [out, progress, code] = await Promise.all([text(child.stdout), text(child.stderr), exit])
  const seconds = (performance.now() - started) / 1_000
  if (code !== 0) throw new Error(`npm start ended with ${code}: ${progress}`)
  const { timings } = RECEIPT.parse(JSON.parse(out.trimEnd().split('\n').at(-1) ?? ''))
  return { seconds, timings }
}
