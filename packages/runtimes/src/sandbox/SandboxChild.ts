import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { ProgramError, ProgramLimitError, RuntimeLostError, W3bError } from '@w3bstream/protocol'
import { z } from 'zod'
import { encodeFrame, FrameReader } from '../child/frames.ts'
import type { LoadRequest, RunRequest } from '../child/main.ts'
import { SandboxUnavailableError } from '../SandboxUnavailableError.ts'
import { type ChildLimits, childCommand, type Wall } from './childCommand.ts'
import { residentBytes } from './residentBytes.ts'

/** What a child answers. A child is not believed: whatever is not of this shape ends it. */
const answer = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    abi: z.enum(['prove_task', 'prove', 'prove_client', 'ws']).optional(),
    provingKeyNeeded: z.string().max(200).nullish(),
    cpuMs: z.number().nonnegative(),
  }),
  z.object({
    ok: z.literal(false),
    kind: z.enum(['program', 'limit']),
    reason: z.string().max(8192),
    cpuMs: z.number().nonnegative(),
  }),
])
type Answer = z.infer<typeof answer> & { readonly body: Uint8Array }

/** What a child may take for one request. */
export interface RequestLimits {
  /** Time as it is told in the error. The request is given up at `deadline`, on the clock of `performance.now()`. */
  readonly timeoutMs: number
  readonly deadline: number
  /** Resident memory of the whole process. */
  readonly residentBytes: number
  readonly runtime: string
}

const ready = z.object({ ready: z.literal(true) })

const WATCH_MS = 200

/** One child process: takes one request at a time, and is killed by the first that goes over a limit. */
export class SandboxChild {
  /** Processor milliseconds used so far, as the child last said. */
  cpuMs = 0
  /** Settles when the process is gone, or could not be started. */
  readonly gone: Promise<void>
  readonly #process: ChildProcess
  readonly #reader = new FrameReader({ headerBytes: 64 * 1024, bodyBytes: 64 * 1024 * 1024 })
  #waiting: ((outcome: Answer | W3bError) => void) | null = null
  #stderr = ''
  #state: 'starting' | 'ready' | 'ended' = 'starting'
  #killed = false
  #runtime = ''

  constructor(limits: ChildLimits, walls: readonly Wall[]) {
    const { command, args } = childCommand(limits, undefined, walls)
    // Detached: a Ctrl-C in the terminal is the parent's to handle.
    this.#process = spawn(command, args, { env: {}, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    const { stdin, stdout, stderr } = this.#process
    this.#process.unref()
    for (const pipe of [stdin, stdout, stderr]) {
      // A child that ends while it is written to says so by its exit.
      pipe?.on('error', () => {})
      // An idle child does not keep its parent running.
      if (pipe instanceof Socket) pipe.unref()
    }
    stdout?.on('data', (chunk: Uint8Array) => this.#receive(chunk))
    stderr?.on('data', (chunk: Uint8Array) => {
      if (this.#stderr.length < 16_384) this.#stderr += Buffer.from(chunk).toString('latin1')
    })
    this.gone = new Promise((resolve) => {
      this.#process.once('error', (error) => {
        this.#stderr += error.message
        this.#end(resolve, null)
      })
      this.#process.once('close', (_code, signal) => this.#end(resolve, signal))
    })
  }

  /** False as soon as it is told to end. */
  get alive(): boolean {
    return this.#state !== 'ended' && !this.#killed
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** @throws {ProgramError} @throws {ProgramLimitError} @throws {SandboxUnavailableError} @throws {RuntimeLostError} and whatever `signal` was aborted with; the child survives a refusal alone */
  async request(
    request: LoadRequest | RunRequest,
    body: Uint8Array,
    limits: RequestLimits,
    signal: AbortSignal,
  ): Promise<{ answer: Extract<Answer, { ok: true }>; body: Uint8Array }> {
    const { runtime } = limits
    if (signal.aborted) throw signal.reason
    if (!this.alive) throw this.#ended(runtime, null)
    this.#runtime = runtime
    const outcome = new Promise<Answer | W3bError>((resolve) => {
      this.#waiting = resolve
    })
    const giveUp = (error: unknown): void => {
      failed ??= { error }
      this.kill()
    }
    let failed: { readonly error: unknown } | undefined
    const onAbort = (): void => giveUp(signal.reason)
    const deadline = setTimeout(
      () => giveUp(new ProgramLimitError({ runtime, limit: `time limit of ${limits.timeoutMs} ms` })),
      Math.max(0, limits.deadline - performance.now()),
    )
    const watch = setInterval(async () => {
      const resident = this.pid === undefined ? 0 : await residentBytes(this.pid)
      if (resident > limits.residentBytes)
        giveUp(
          new ProgramLimitError({
            runtime,
            limit: `memory limit, its process taking more than ${limits.residentBytes} bytes`,
          }),
        )
    }, WATCH_MS)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      this.#process.stdin?.write(encodeFrame(request, body))
      const got = await outcome
      if (failed) throw failed.error
      if (got instanceof W3bError) throw got
      this.cpuMs = got.cpuMs
      if (!got.ok)
        throw got.kind === 'limit'
          ? new ProgramLimitError({ runtime, limit: got.reason })
          : new ProgramError({ runtime, reason: got.reason })
      return { answer: got, body: got.body }
    } finally {
      clearTimeout(deadline)
      clearInterval(watch)
      signal.removeEventListener('abort', onAbort)
      this.#waiting = null
    }
  }

  kill(): void {
    this.#killed = true
    this.#process.ref()
    this.#process.kill('SIGKILL')
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const frame of this.#reader.push(chunk)) {
        if (this.#state === 'starting') {
          ready.parse(frame.header)
          this.#state = 'ready'
          continue
        }
        const settle = this.#waiting
        const parsed = answer.parse(frame.header)
        if (!settle) throw new RangeError('an answer to nothing')
        this.#waiting = null
        settle({ ...parsed, body: frame.body })
      }
    } catch {
      // Whatever speaks this way is not our child's code any more.
      this.kill()
    }
  }

  #end(resolve: () => void, signal: NodeJS.Signals | null): void {
    const error = this.#ended(this.#runtime, signal)
    this.#state = 'ended'
    this.#waiting?.(error)
    resolve()
  }

  #ended(runtime: string, signal: NodeJS.Signals | null): W3bError {
    if (this.#state === 'starting')
      return new SandboxUnavailableError({ reason: `it did not start: ${this.#stderr.trim().slice(0, 500)}` })
    if (/heap out of memory|Out of memory/i.test(this.#stderr))
      return new ProgramLimitError({ runtime, limit: 'memory limit (the heap of its process is full)' })
    if (signal === 'SIGXCPU') return new ProgramLimitError({ runtime, limit: 'processor time' })
    // No program ends its own process so: the system, short of memory perhaps, or somebody did.
    if (signal === 'SIGKILL' || signal === 'SIGTERM')
      return new RuntimeLostError({ runtime, reason: `its process was ended by ${signal}` })
    return new ProgramError({ runtime, reason: `its process ended${signal ? ` by ${signal}` : ''}` })
  }
}
