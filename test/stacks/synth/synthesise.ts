import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { preparePlatform } from './preparePlatform.ts'

const root = join(import.meta.dirname, '../../..')
const TIMEOUT_MS = 5 * 60_000

/** One resource or component of a graph. */
export interface Resource {
  readonly type: string
  readonly name: string
  readonly urn: string
  /** The URN of the component that it is part of. */
  readonly parent: string | null
  /** Whether a provider creates it; a component only holds others together. */
  readonly custom: boolean
  readonly inputs: Readonly<Record<string, unknown>>
  /** URNs. */
  readonly dependencies: readonly string[]
  readonly protect: boolean
  readonly retainOnDelete: boolean
  readonly ignoreChanges: readonly string[]
}

/** What `sst deploy` would ask the providers for. Values that are kept as secrets read `[secret]`. */
export interface Graph {
  readonly stage: string
  readonly app: {
    readonly name: string
    readonly removal: string
    readonly protect: boolean
    readonly providers: Readonly<Record<string, unknown>>
  }
  readonly outputs: Readonly<Record<string, unknown>>
  readonly resources: readonly Resource[]
  /** Calls to providers that had no answer prepared. */
  readonly unanswered: readonly string[]
}

export interface SynthOptions {
  readonly stage: string
  /** Instead of `w3b.config.ts`. */
  readonly config?: string
  /** By name; made up where absent. */
  readonly secrets?: Readonly<Record<string, string>>
  /** What the parameter store holds before the deploy. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Whether handlers are bundled, so that a broken import or a missing export fails. Default true. */
  readonly bundle?: boolean
}

/** `sst.config.ts` could not be run to its end. */
export class SynthError extends Error {
  override readonly name = 'SynthError'
  /** How many resources were asked for before. */
  readonly created: number
  constructor(problems: readonly string[], created: number) {
    super(problems.join('\n'))
    this.created = created
  }
}

/**
 * Runs `sst.config.ts` for a stage as `sst deploy` does, with providers that create nothing.
 * @throws {SynthError}
 * @throws {PlatformUnavailableError}
 */
export async function synthesise(options: SynthOptions): Promise<Graph> {
  const platform = await preparePlatform()
  const folder = mkdtempSync(join(tmpdir(), 'w3b-synth-'))
  try {
    const out = join(folder, 'graph.json')
    const { code, stderr } = await run([JSON.stringify({ ...options, platform, root, out })])
    if (code !== 0 && code !== 1) throw new SynthError([stderr.trim() || `It ended with ${code}.`], 0)
    const { errors, ...graph }: Graph & { readonly errors: readonly string[] } = JSON.parse(readFileSync(out, 'utf8'))
    if (errors.length > 0) throw new SynthError(errors, graph.resources.filter(({ custom }) => custom).length)
    return graph
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function run(args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--no-warnings', join(import.meta.dirname, 'child.mjs'), ...args], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: TIMEOUT_MS,
    })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-20_000)
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stderr }))
  })
}
