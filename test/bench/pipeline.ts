import { fork } from 'node:child_process'
import { join } from 'node:path'
import { z } from 'zod'
import type { Bench } from './Bench.ts'
import type { Figure } from './Figure.ts'
import { median } from './median.ts'
import { percentile } from './percentile.ts'

export const LOAD = {
  /** Messages that come at once, a task each. */
  tasks: 1_000,
  /** Tasks proved at once. */
  provers: 16,
  /** Messages that come one at a time. */
  messages: 300,
  /** Milliseconds between two of those. */
  everyMs: 100,
} as const

const RATES = z.object({ proved: z.number(), finalized: z.number() })
const MEASURED = z.object({ latencies: z.array(z.number()), rates: z.array(RATES), cpuMsATask: z.number() })

/** Tasks a second from the first packed one to the last one of a state. */
export type Rates = z.infer<typeof RATES>
/** What `pipeline.child.ts` found. */
export type Measured = z.infer<typeof MEASURED>

/** What happens to a task beside its (instant) proof. In both, its registered verifier is called on anvil. */
const VARIANTS = [
  { id: 'printed', name: 'then printed', held: true },
  // Shares the process with the settling of earlier tasks, cores and disk with anvil's blocks: for comparison.
  { id: 'settled', name: 'then settled on anvil', held: false },
] as const

/** Tasks of one message each through the whole local composition with a runtime that returns at once: what everything but proving costs. */
export async function pipeline(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const { id, name, held } of VARIANTS.filter((variant) => variant.name.includes(bench.only))) {
    const { latencies, rates, cpuMsATask } = await measure(bench, id)
    const of = (step: keyof Rates): number[] => rates.map((rate) => rate[step])
    const [middle, late] = [percentile(latencies, 0.5), percentile(latencies, 0.99)]
    bench.say(`${name}: median ${middle.toFixed(1)} ms, p99 ${late.toFixed(1)} ms`)
    bench.say(`${name}: ${of('proved').map(Math.round).join(', ')} tasks/s proved`)
    const rate = (step: keyof Rates, target: Figure['target']): Figure => ({
      name: `packed to ${step}; ${name}`,
      value: median(of(step), (value) => value),
      unit: 'tasks/s',
      target,
      beside: { slowest: Math.min(...of(step)), fastest: Math.max(...of(step)), cpuMsATask },
    })
    const time = (which: string, value: number): Figure => ({
      name: `message to stored proof, ${which}; ${name}`,
      value,
      unit: 'ms',
      target: held ? { atMost: 30 } : null,
      beside: {},
    })
    figures.push(rate('proved', held ? { atLeast: 300 } : null), rate('finalized', null))
    figures.push(time('median', middle), time('p99', late))
  }
  return figures
}

async function measure(bench: Bench, variant: string): Promise<Measured> {
  const child = fork(
    join(import.meta.dirname, 'pipeline.child.ts'),
    [join(bench.dir, variant), variant, String(bench.runs)],
    {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      execArgv: bench.profileDir === null ? [] : ['--cpu-prof', '--cpu-prof-dir', bench.profileDir],
    },
  )
  // Results are printed there: only the last words of a failure are of interest.
  let words = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-2_000)
  })
  let measured: unknown
  child.once('message', (message) => {
    measured = message
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`pipeline.child.ts ended with ${code}: ${words}`)
  return MEASURED.parse(measured)
}
