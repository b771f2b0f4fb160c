import { availableParallelism } from 'node:os'
import type { ProjectTried } from '@w3bstream/local/tryProject'
import { type Hex, projectId, type W3bError } from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { UsageError } from '../errors/UsageError.ts'
import { withJson } from '../node/nodeOptions.ts'
import { rows } from '../output/rows.ts'
import { type Colors, printable } from '../output/Terminal.ts'
import { readInput, readText } from '../readInput.ts'
import { readRuntimes, withRuntimes } from '../readRuntimes.ts'

interface Options {
  readonly projectVersion?: string
  readonly data?: readonly string[]
  readonly dataFile?: string
  readonly project: string
  readonly provingKey?: string
  readonly runtime?: readonly string[]
}

const MAX_FILE = 32 * 1024 * 1024
const MAX_DATA = 16 * 1024 * 1024
const MAX_KEY = 128 * 1024 * 1024
/** Cycles a second that a core of a small server proves; docs/benchmarks.md has what was measured. */
const CYCLES_PER_CORE = 800

/** `w3b project test` */
export function testProject(parent: Command, context: CommandContext): void {
  withRuntimes(withJson(parent.command('test')))
    .description(
      'run a project file’s program over messages of yours, without a node: what it costs, what it gives, what is wrong',
    )
    .argument('<file>', 'the project file, or - for stdin')
    .option('--project-version <version>', 'version of the project (default: the file’s own)')
    .option('--data <json...>', 'what devices would send, a message each')
    .option('--data-file <file>', 'messages from a file, one a line')
    .option('--project <id>', 'id that the project has, where the program looks at it', '1')
    .option('--proving-key <file>', 'the key that the version names, for a program that can only be proved')
    .addHelpText(
      'after',
      '\nExample: w3b project test project.json --data \'{"temperature": 21.5}\' \'{"temperature": 22}\'\nA guest is executed without proving it. Halo2 in WASM can only be proved, and is.',
    )
    .action(async (file: string, options: Options) => {
      const { terminal, stdin, signal, env } = context
      const id = projectId(options.project)
      const external = readRuntimes(options.runtime ?? [], env.W3B_RUNTIMES)
      const bytes = await readInput(file, stdin, MAX_FILE)
      const payloads = [...(options.data ?? []), ...(await lines(options.dataFile, context))]
      if (payloads.length === 0) throw new UsageError('Give a message or more, by --data or --data-file.')
      const provingKey =
        options.provingKey === undefined ? undefined : await readInput(options.provingKey, stdin, MAX_KEY)
      const { tryProject, trialRuntimes } = await import('@w3bstream/local/tryProject')
      terminal.progress('Running the program …')
      await using runtimes = trialRuntimes({ env, external })
      const tried = await tryProject(
        {
          file: bytes,
          payloads,
          projectId: id,
          runtimes,
          ...(options.projectVersion === undefined ? {} : { version: options.projectVersion }),
          ...(provingKey === undefined ? {} : { provingKey }),
        },
        signal,
      )
      terminal.result(json(tried, payloads.length), (colors) => people(colors, tried, payloads.length))
      if (tried.problems.length > 0) context.fail()
    })
}

async function lines(file: string | undefined, { stdin }: CommandContext): Promise<string[]> {
  if (file === undefined) return []
  return (await readText(file, stdin, MAX_DATA)).split(/\r?\n/).filter((line) => line.trim() !== '')
}

/** What proving these cycles takes on this machine, in ms: a guess to plan by. */
function provingMs(tried: ProjectTried): number | null {
  const cycles = tried.execution?.cycles ?? null
  if (cycles === null) return null
  return Math.round((1_000 * cycles.total) / (CYCLES_PER_CORE * availableParallelism()))
}

function json(tried: ProjectTried, messages: number) {
  const { version, how, execution, output, wallMs, problems } = tried
  return {
    version: version.version,
    vmType: version.vmType,
    messages,
    ok: problems.length === 0,
    how,
    cycles: execution?.cycles ?? null,
    outputs: execution?.outputs ?? output?.outputs ?? null,
    journal: execution?.journal ?? null,
    proofBytes: output?.proof.length ?? null,
    returned: output === null ? null : output.raw.slice(0, MAX_RETURNED),
    wallMs: execution?.wallMs ?? wallMs,
    estimate: { memoryBytes: execution?.memoryBytes ?? null, provingMs: provingMs(tried) },
    problems: problems.map((problem) => problem.toJSON()),
  }
}

const MAX_RETURNED = 4_096
const HOW: Readonly<Record<'executed' | 'proved' | 'computed', string>> = {
  executed: 'executed, without a proof',
  proved: 'proved, since it cannot be run without a proof',
  computed: 'run: this kind of program computes and proves nothing',
}

function people(colors: Colors, tried: ProjectTried, messages: number): string {
  const { version, how, execution, output, problems } = tried
  const cycles = execution?.cycles ?? null
  const ms = execution?.wallMs ?? tried.wallMs
  const estimated = provingMs(tried)
  const outputs = execution?.outputs ?? output?.outputs ?? '0x'
  const memory = execution?.memoryBytes ?? null
  const shown = rows(colors, [
    ['version', `${version.version} (${version.vmType})`],
    ['messages', messages],
    ['program', how === null ? 'was not run to its end' : `${HOW[how]}, in ${ms} ms`],
    [
      'cycles',
      cycles &&
        `${cycles.total} to prove, ${cycles.user} of the program, in ${cycles.segments} ${cycles.segments === 1 ? 'segment' : 'segments'} of 2^${cycles.po2}`,
    ],
    ['memory', memory === null ? null : `${Math.ceil(memory / 2 ** 20)} MiB to prove, estimated`],
    [
      'time',
      estimated === null
        ? null
        : `${Math.ceil(estimated / 1_000)} s to prove on this machine’s ${availableParallelism()} cores, roughly`,
    ],
    ...words(outputs).map((word, i) => [`output ${i}`, word] as const),
    ['journal', outputs === '0x' ? execution?.journal : null],
    ['proof', how === 'proved' && output !== null ? `${output.proof.length} bytes` : null],
    ['checked', how === 'proved' ? (output?.checkedBy ?? 'not here, but by the verifier that you register') : null],
    ['returned', how === 'computed' && output !== null ? output.raw.slice(0, MAX_RETURNED) : null],
  ])
  return [shown, ...problems.map((problem) => problemLines(colors, problem))].join('\n')
}

function problemLines(colors: Colors, { message, hint }: W3bError): string {
  const line = `${colors.red('wrong')}  ${printable(message)}`
  return hint === undefined ? line : `${line}\n       ${printable(hint)}`
}

function words(outputs: Hex): string[] {
  const digits = outputs.slice(2)
  return Array.from({ length: Math.floor(digits.length / 64) }, (_, i) => {
    const word = `0x${digits.slice(64 * i, 64 * (i + 1))}`
    const value = BigInt(word)
    return value < 2n ** 64n ? value.toString() : word
  })
}
