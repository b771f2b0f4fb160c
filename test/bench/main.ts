import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Bench, Section } from './Bench.ts'
import { coldStart } from './coldStart.ts'
import { type Figure, meets, type Target } from './Figure.ts'
import { flatness } from './flatness.ts'
import { fsyncTime } from './fsyncTime.ts'
import { idle } from './idle.ts'
import { ingest } from './ingest.ts'
import { pipeline } from './pipeline.ts'
import { risc0 } from './risc0.ts'
import { runtimes } from './runtimes.ts'
import { start } from './start.ts'

const SECTIONS: Readonly<Record<string, Section>> = {
  ingest,
  pipeline,
  start,
  idle,
  runtimes,
  'cold-start': coldStart,
  flatness,
  risc0,
}
/** Take an hour of disk, or of all cores: only when named. */
const ON_REQUEST = ['flatness', 'risc0']
const USAGE = `npm run bench -- [${Object.keys(SECTIONS).join('|')} …] [--json FILE] [--dir DIR] [--runs 3] [--seconds 8] [--only TEXT] [--cpu-prof DIR]`
const TMPFS = 0x01021994

class UsageError extends Error {}

/** Runs the chosen sections and prints their figures beside what they are held against. @returns the exit code: 1 where a target is missed */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      dir: { type: 'string', default: tmpdir() },
      runs: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '8' },
      only: { type: 'string', default: '' },
      'cpu-prof': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const unknown = positionals.filter((name) => !(name in SECTIONS))
  if (unknown.length > 0) throw new UsageError(`No such section: ${unknown.join(', ')}`)
  const profileDir = values['cpu-prof'] === undefined ? null : resolve(values['cpu-prof'])
  if (statfsSync(values.dir).type === TMPFS)
    throw new UsageError(`${values.dir} is in memory: name a directory on a disk with --dir`)
  const dir = mkdtempSync(join(values.dir, 'w3b-bench-'))
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.once(signal, () => {
      rmSync(dir, { recursive: true, force: true })
      process.exit(code)
    })
  const sections: Record<string, unknown> = {}
  let missed = false
  try {
    for (const [name, section] of Object.entries(SECTIONS)) {
      if (positionals.length > 0 ? !positionals.includes(name) : ON_REQUEST.includes(name)) continue
      const own = join(dir, name)
      mkdirSync(own)
      const bench: Bench = {
        dir: own,
        runs: positive(values.runs, 'runs'),
        seconds: positive(values.seconds, 'seconds'),
        only: values.only,
        profileDir,
        say: (line) => console.error(`  ${line}`),
      }
      const conditions = { fsyncMs: fsyncTime(own), load1m: loadavg()[0] ?? 0 }
      console.error(`${name}: fsync ${conditions.fsyncMs.toFixed(3)} ms, load ${conditions.load1m.toFixed(2)}`)
      const figures = await section(bench)
      missed ||= figures.some((figure) => meets(figure) === false)
      sections[name] = { ...conditions, figures }
      print(figures)
      rmSync(own, { recursive: true, force: true })
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
  const machine = {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? '',
    memoryGb: Math.round(totalmem() / 1e9),
    platform: `${process.platform}-${process.arch}`,
    node: process.versions.node,
  }
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ at: new Date().toISOString(), machine, sections }, null, 2)}\n`)
  return missed ? 1 : 0
}

function print(figures: readonly Figure[]): void {
  for (const figure of figures) {
    const { name, value, unit, target, beside } = figure
    const met = { true: 'met', false: 'MISSED', null: '' }[String(meets(figure))]
    const notes = Object.entries(beside).map(([key, number]) => `${key} ${round(number)}`)
    console.log(`${name.padEnd(60)} ${`${round(value)} ${unit}`.padStart(18)}  ${show(target).padEnd(12)} ${met}`)
    if (notes.length > 0) console.log(`    ${notes.join(', ')}`)
  }
}

const show = (target: Target | null): string =>
  target === null ? '' : 'atLeast' in target ? `>= ${target.atLeast}` : `<= ${target.atMost}`

const round = (value: number): number => Number(value.toPrecision(value >= 1_000 ? 5 : 3))

function positive(text: string, option: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new UsageError(`--${option} has to be a positive number`)
  return value
}

try {
  process.exitCode = await main()
} catch (error) {
  // parseArgs throws TypeErrors with a code.
  if (!(error instanceof UsageError || (error instanceof TypeError && 'code' in error))) throw error
  console.error(`${error.message}\nUsage: ${USAGE}`)
  process.exitCode = 2
}
