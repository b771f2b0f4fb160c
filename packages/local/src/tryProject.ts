import { createHash } from 'node:crypto'
import type { Execution, ProofOutput, ProveJob, Runtime } from '@w3bstream/core'
import {
  bindingOf,
  checkPayload,
  drawSalt,
  type Hash,
  type Hex,
  hash,
  InvalidInputError,
  inputCommitment,
  type ProjectId,
  type ProjectVersion,
  parseProjectFile,
  taskDigest,
  toHex,
  UnsupportedRuntimeError,
  type VmType,
  W3bError,
} from '@w3bstream/protocol'
import { createRuntimes, findNative, inflateProgram, MOST_PROGRAM_BYTES, type Runtimes } from '@w3bstream/runtimes'
import { PROGRAM_LIMITS, PROVE_LIMITS } from './nodeLimits.ts'

/** A project file to try, and the messages of one task. */
export interface ProjectTrial {
  /** The project file. */
  readonly file: Uint8Array
  /** Which version. Default: the file's own default. */
  readonly version?: string
  /** What devices would send; at least one. */
  readonly payloads: readonly string[]
  readonly projectId: ProjectId
  /** The file of `provingKey`, where the version names one; needed only where the program is proved. */
  readonly provingKey?: Uint8Array
  readonly runtimes: ReadonlyMap<VmType, Runtime>
}

/** How a try went. */
export interface ProjectTried {
  readonly version: ProjectVersion
  /**
   * - `executed`: without a proof.
   * - `proved`: this program can only be run by proving it.
   * - `computed`: a kind of program that never proves.
   * - null: not run; `problems` says why.
   */
  readonly how: 'executed' | 'proved' | 'computed' | null
  readonly execution: Execution | null
  readonly output: ProofOutput | null
  /** Milliseconds of the run, where it was no execution. */
  readonly wallMs: number | null
  /** Everything that was found wrong, in the order in which a task would meet it. */
  readonly problems: readonly W3bError[]
}

/** Who a trial's task is of and for: addresses that nobody has the key of. */
const NOBODY = `0x${'00'.repeat(19)}01` as const

/**
 * Runs a version's program over a task of the given messages, without node, chain or settlement, and gathers all that is wrong.
 *
 * A runtime that can executes without proving. Halo2 in WASM cannot: it is proved. What a run finds wrong is in `problems`.
 * @throws {InvalidProjectFileError} @throws {InvalidInputError} no such version, or no message
 */
export async function tryProject(trial: ProjectTrial, signal: AbortSignal): Promise<ProjectTried> {
  const config = parseProjectFile(trial.file)
  const name = trial.version ?? config.defaultVersion
  const version = config.versions.find((candidate) => candidate.version === name)
  if (version === undefined)
    throw new InvalidInputError({
      field: 'version',
      problem: `${name} is not in the file`,
      hint: `It has ${config.versions.map((candidate) => candidate.version).join(', ')}.`,
    })
  if (trial.payloads.length === 0)
    throw new InvalidInputError({ field: 'data', problem: 'has to be one message or more' })
  const problems = payloadProblems(version, trial.payloads)
  const bytes = await inflateProgram(version.code, { maxBytes: MOST_PROGRAM_BYTES }).catch((error: unknown) => {
    problems.push(known(error))
    return null
  })
  const nothing = { version, how: null, execution: null, output: null, wallMs: null }
  if (bytes === null || problems.length > 0) return { ...nothing, problems }
  const job = { ...jobOf(trial, version, config.hash), program: { bytes, hash: sha256(bytes) } }
  try {
    return { ...nothing, ...(await run(trial, version, job, signal)), problems }
  } catch (error) {
    return { ...nothing, problems: [known(error)] }
  }
}

function payloadProblems(version: ProjectVersion, payloads: readonly string[]): W3bError[] {
  const problems: W3bError[] = []
  const { inputs, aggregation } = version
  const most = inputs.scheme === 'poseidon-bn254' ? inputs.capacity : aggregation.amount
  if (payloads.length > most)
    problems.push(
      new InvalidInputError({
        field: 'data',
        problem: `has ${payloads.length} messages, and a task of this version has at most ${most}`,
        hint: 'Give fewer, or raise `aggregation.amount`.',
      }),
    )
  for (const [i, payload] of payloads.entries())
    try {
      checkPayload(inputs, payload)
    } catch (error) {
      const { message, hint } = known(error)
      problems.push(
        new InvalidInputError({
          field: `message ${i + 1}:`,
          problem: message,
          hint: hint ?? 'A node refuses it when it is posted, by the `inputs` of the project file.',
        }),
      )
    }
  return problems
}

type Run = Pick<ProjectTried, 'how'> & Partial<Pick<ProjectTried, 'execution' | 'output' | 'wallMs'>>

async function run(trial: ProjectTrial, version: ProjectVersion, job: ProveJob, signal: AbortSignal): Promise<Run> {
  const runtime = trial.runtimes.get(version.vmType)
  if (runtime === undefined)
    throw new UnsupportedRuntimeError({ runtime: version.vmType, reason: 'no such runtime is set up here' })
  try {
    if (runtime.execute !== undefined) return { how: 'executed', execution: await runtime.execute(job, signal) }
  } catch (error) {
    // A Halo2 program in WASM has no other entry than its prover.
    if (!(error instanceof UnsupportedRuntimeError) || version.vmType !== 'halo2') throw error
  }
  const provingKey = keyOf(version, trial.provingKey)
  const started = performance.now()
  const output = await runtime.prove({ ...job, provingKey }, signal)
  return {
    how: version.vmType === 'wasm' ? 'computed' : 'proved',
    output,
    wallMs: Math.round(performance.now() - started),
  }
}

function keyOf({ provingKey }: ProjectVersion, given: Uint8Array | undefined): Uint8Array | null {
  if (provingKey === null) return null
  if (given === undefined)
    throw new InvalidInputError({
      field: 'proving key',
      problem: 'is needed: this program can only be run by proving',
      hint: `Give the file whose sha-256 is ${provingKey.hash}.`,
    })
  if (sha256(given) !== provingKey.hash)
    throw new InvalidInputError({
      field: 'proving key',
      problem: `has the sha-256 ${sha256(given)}, and the project file names ${provingKey.hash}`,
    })
  return given
}

function jobOf(trial: ProjectTrial, version: ProjectVersion, configHash: Hash): Omit<ProveJob, 'program'> {
  const { payloads, projectId } = trial
  const salt = drawSalt()
  const task = {
    projectId,
    version: version.version,
    configHash,
    messagesRoot: hash(`0x${'00'.repeat(32)}`),
    messageCount: payloads.length,
    inputCommitment: inputCommitment(version.inputs, { salt, payloads }),
    sequencer: NOBODY,
    number: 1n,
  }
  const taskId = taskDigest({ chainId: 0n, verifyingContract: NOBODY }, task)
  return {
    taskId,
    task,
    binding: bindingOf(taskId, NOBODY),
    payloads,
    salt,
    codeExpParam: version.codeExpParam,
    provingKey: null,
    limits: {
      timeoutMs: Math.min(version.limits.timeoutMs ?? PROVE_LIMITS.timeoutMs, PROVE_LIMITS.timeoutMs),
      memoryBytes: Math.min(version.limits.memoryBytes ?? PROVE_LIMITS.memoryBytes, PROVE_LIMITS.memoryBytes),
    },
    onChain: false,
    clientId: '',
    sequencerSignature: `0x${'00'.repeat(65)}` satisfies Hex,
  }
}

const known = (error: unknown): W3bError => {
  if (error instanceof W3bError) return error
  throw error
}

const sha256 = (bytes: Uint8Array): Hash => hash(toHex(createHash('sha256').update(bytes).digest()))

/** The runtimes of this machine, as `w3b dev` would have them. @throws {InvalidConfigError} an address is none */
export function trialRuntimes(p: {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly external: ReadonlyMap<VmType, string>
}): Runtimes {
  return createRuntimes({ poolSize: 1, ...PROGRAM_LIMITS, native: findNative(p.env), external: p.external })
}
