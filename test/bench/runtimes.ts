import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ProveJob, Runtime } from '@w3bstream/core/ports'
import { createRuntimes, findNative, type Runtimes } from '@w3bstream/runtimes'
import { proveTaskText } from '../../packages/runtimes/src/proveTaskText.ts'
import { echoModule } from '../../packages/runtimes/src/test/programs.ts'
import { wat } from '../../packages/runtimes/src/test/wat.ts'
import type { Bench } from './Bench.ts'
import type { Figure } from './Figure.ts'
import { median } from './median.ts'
import { processTree } from './processTree.ts'
import { moduleJob, weatherJob, weatherParameter } from './proofJobs.ts'

const TASKS = 64
const STARTS = 50
const never = new AbortController().signal
const text = (value: number): string => value.toFixed(0)
const same = (value: number): number => value

type By = 'wasm' | 'native'

/**
 * What the runtimes add to proving, and how they fill a machine. To be run on a machine without other work, from a built native runtime; without one only
 * the WASM half is measured.
 */
export async function runtimes(bench: Bench): Promise<Figure[]> {
  const found = findNative()
  const native = found !== null && existsSync(found.binary) ? { ...found, stateDir: join(bench.dir, 'state') } : null
  if (native === null) bench.say('no native runtime is built: the figures are of WASM alone')
  await using all = createRuntimes({ native })
  const figures: Figure[] = []
  const alone: Partial<Record<By, number>> = {}
  const rates: Partial<Record<By, number>> = {}
  const kinds: readonly By[] = native === null ? ['wasm'] : ['wasm', 'native']
  for (const by of kinds.filter((one) => one.includes(bench.only))) {
    alone[by] = await proveAlone(bench, all, by)
    const filled = await fill(bench, all, by)
    rates[by] = filled.rate
    figures.push(...filled.figures)
    figures.push(await warmStart(all, by))
  }
  if (native === null || alone.native === undefined) return figures
  figures.push(await overhead(bench, all, native.binary, native.stateDir))
  if (alone.wasm === undefined) return figures
  figures.push({
    name: 'one proof of the weather example, WASM over native',
    value: alone.wasm / alone.native,
    unit: 'ratio',
    target: { atLeast: 5 },
    beside: { wasmMs: alone.wasm, nativeMs: alone.native, throughput: (rates.native ?? 0) / (rates.wasm ?? 1) },
  })
  return figures
}

function halo2(all: Runtimes): Runtime {
  const runtime = all.get('halo2')
  if (runtime === undefined) throw new TypeError('there is no halo2 runtime')
  return runtime
}

/** @returns milliseconds of a proof that has the machine to itself, by a warm instance */
async function proveAlone(bench: Bench, all: Runtimes, by: By): Promise<number> {
  const prove = (n: number) => timed(() => halo2(all).prove(weatherJob(n, by), never))
  // V8 still optimises the first, and keys are made and read.
  for (let n = 0; n < 2; n++) await prove(n)
  const times: number[] = []
  for (let n = 0; n < Math.max(5, bench.runs); n++) times.push(await prove(n))
  bench.say(`${by}, alone: ${times.map(text).join(', ')} ms`)
  return median(times, same)
}

/** Many small tasks at once: how busy they keep the cores. */
async function fill(
  bench: Bench,
  all: Runtimes,
  by: By,
): Promise<{ readonly figures: Figure[]; readonly rate: number }> {
  const { cores } = all.machine
  await Promise.all(Array.from({ length: 2 * cores }, (_, n) => halo2(all).prove(weatherJob(n, by), never)))
  const runs: { readonly busy: number; readonly rate: number }[] = []
  for (let run = 0; run < bench.runs; run++) {
    const before = cpuMs()
    const wallMs = await timed(() =>
      Promise.all(Array.from({ length: TASKS }, (_, n) => halo2(all).prove(weatherJob(n, by), never))),
    )
    runs.push({ busy: (cpuMs() - before) / (wallMs * cores), rate: TASKS / (wallMs / 1_000) })
  }
  bench.say(`${by}, ${TASKS} tasks: ${runs.map(({ busy }) => busy.toFixed(2)).join(', ')} of the cores`)
  const middle = median(runs, ({ busy }) => busy)
  const rate = median(runs, (one) => one.rate).rate
  return {
    rate,
    figures: [
      {
        name: `${TASKS} small Halo2 tasks, ${by}: share of the cores that is busy`,
        value: middle.busy,
        unit: 'ratio',
        target: { atLeast: 0.9 },
        beside: { tasksPerSecond: rate, cores, lowest: Math.min(...runs.map(({ busy }) => busy)) },
      },
    ],
  }
}

/** From the call to where a warm instance computes: the whole of a program that does nothing, or the first word of a native proof. */
async function warmStart(all: Runtimes, by: By): Promise<Figure> {
  const times: number[] = []
  const module = await wat(echoModule)
  for (let n = 0; n < STARTS + 3; n++) {
    const started = performance.now()
    let heard: number | null = null
    const onProgress = (): void => {
      heard ??= performance.now() - started
    }
    const job: ProveJob = by === 'wasm' ? moduleJob(n, module) : weatherJob(n, 'native')
    await halo2(all).prove(job, never, onProgress)
    const whole = performance.now() - started
    if (by === 'native' && heard === null) throw new TypeError('the native runtime tells no progress')
    // The first ones start a process.
    if (n >= 3) times.push(by === 'wasm' ? whole : (heard ?? whole))
  }
  return {
    name: `warm instance, ${by}: from the call to the proof's start`,
    value: median(times, same),
    unit: 'ms',
    target: { atMost: 10 },
    beside: { slowest: Math.max(...times) },
  }
}

/** A proof by way of the manager, gRPC, a child and the checks, over the same by the binary's own command: each with its verification. */
async function overhead(bench: Bench, all: Runtimes, binary: string, stateDir: string): Promise<Figure> {
  const job = weatherJob(1, 'native')
  const args = ['prove', '--exp-param', weatherParameter(), '--input', proveTaskText(job)]
  const direct: number[] = []
  const through: number[] = []
  for (let run = 0; run < Math.max(9, bench.runs); run++) {
    direct.push(await commandMs(binary, [...args, '--out', join(bench.dir, 'proof'), '--state', stateDir]))
    through.push(await timed(() => halo2(all).prove(job, never)))
  }
  bench.say(
    `native, direct: ${direct.map(text).join(', ')} ms; through the runtimes: ${through.map(text).join(', ')} ms`,
  )
  const [own, whole] = [median(direct, same), median(through, same)]
  return {
    name: 'native Halo2 through the runtimes, over the binary alone',
    value: whole / own,
    unit: 'ratio',
    target: { atMost: 1.03 },
    beside: { directMs: own, throughMs: whole },
  }
}

/** @returns milliseconds from the command's first word, when its keys are read, to its verified proof */
async function commandMs(binary: string, args: readonly string[]): Promise<number> {
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 })
  const [[from], [to], [code]] = await Promise.all([
    once(child.stderr, 'data').then(() => [performance.now()]),
    once(child.stdout, 'data').then(() => [performance.now()]),
    once(child, 'close'),
  ])
  if (code !== 0 || from === undefined || to === undefined) throw new Error(`w3b-runtime prove ended with ${code}`)
  return to - from
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** Of this process and all that it started. */
const cpuMs = (): number => processTree(process.pid).reduce((sum, one) => sum + one.cpuMs, 0)
