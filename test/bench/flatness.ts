import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import type { Bench } from './Bench.ts'
import type { Figure } from './Figure.ts'

const SCRIPT = join(import.meta.dirname, '../../packages/store-sqlite/bench/flatness.ts')
const WINDOW = z.object({ append: z.number(), pack: z.number(), both: z.number() })
const REPORT = z.object({
  count: z.int(),
  devices: z.int(),
  megabytes: z.number(),
  first: WINDOW,
  last: WINDOW,
  ratios: WINDOW,
})

/** Whether a log of 10 million messages takes the last 100,000 as fast as the first. Needs some 5 GB of disk. */
export async function flatness(bench: Bench): Promise<Figure[]> {
  const child = spawn(process.execPath, [SCRIPT, '--count', '10000000', '--dir', bench.dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [out, code] = await Promise.all([text(child.stdout), exit])
  if (code !== 0) throw new Error(`flatness.ts ended with ${code}`)
  const { first, last, ratios, megabytes, devices } = REPORT.parse(JSON.parse(out))
  return (['append', 'pack', 'both'] as const).map((step) => ({
    name: `last 100,000 of 10 million against the first: ${step === 'both' ? 'append and pack' : step}`,
    value: ratios[step],
    unit: 'ratio',
    target: step === 'both' ? { atLeast: 0.9 } : null,
    beside: { firstPerSecond: first[step], lastPerSecond: last[step], megabytes, devices },
  }))
}
