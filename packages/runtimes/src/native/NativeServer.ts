import { type ChildProcess, spawn } from 'node:child_process'
import { access, constants, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import { GrpcConnection } from '../grpc/GrpcConnection.ts'
import { GrpcFailure } from '../grpc/GrpcFailure.ts'
import { RuntimeClient } from '../grpc/RuntimeClient.ts'
import { untilAborted } from '../untilAborted.ts'
import type { RuntimeEngine } from './RuntimeEngine.ts'

export interface NativeOptions {
  readonly binary: string
  /** Keys, and compressions under way. Made with mode 0700; may be shared with other processes of the same user. */
  readonly stateDir: string
  /** Memory for all proofs together, in bytes. Default: what is free, less an eighth. */
  readonly memoryBytes?: number
  /** Threads for all proofs together. Default: all cores. */
  readonly threads?: number
  /** How long a program's process is kept after its last job, in milliseconds. Default 60,000. */
  readonly idleMs?: number
  /** Runs no program where nothing keeps it from the network. Default false. */
  readonly networkWall?: boolean
  /** Where Groth16 receipts are made, if not here. */
  readonly compressor?: { readonly url: string; readonly key?: string }
  /** The production SRS for built-in circuits. */
  readonly srs?: { readonly file: string; readonly sha256: string }
  /** Longest time that its start may take. Default 30 s. */
  readonly startMs?: number
}

/** A process that answers. */
interface Running {
  readonly process: ChildProcess
  readonly client: RuntimeClient
  readonly gone: Promise<void>
}

const never = new AbortController().signal
const START_MS = 30_000
const DRAIN_MS = 5_000
const LEAST_PAUSE_MS = 100
const MOST_PAUSE_MS = 10_000
/** A process that lived so long did not fail at its start. */
const STEADY_MS = 30_000
const KEPT_TEXT = 4_096

/** What the server may know of this process's environment: where accelerators and their libraries are. Secrets stay here. */
const HANDED_ON = /^(?:PATH|HOME|TMPDIR|CUDA_VISIBLE_DEVICES|LD_LIBRARY_PATH|NVIDIA_[A-Z_]+|W3B_COMPRESSOR_KEY_FILE)$/

/**
 * The native runtime as a child process of this one, on a Unix socket that no other user reaches. Started by the first task that needs it, and again, after
 * growing pauses, when it died; it ends with `close`, or with this process, whose end it sees by its standard input.
 */
export class NativeServer implements RuntimeEngine {
  readonly at = null
  readonly #options: NativeOptions
  #running: Running | null = null
  #starting: Promise<Running> | null = null
  /** Every process not yet gone, with its end. */
  readonly #processes = new Map<ChildProcess, Promise<void>>()
  #failures = 0
  #notBefore = 0
  #closing: Promise<void> | null = null

  constructor(options: NativeOptions) {
    this.#options = options
  }

  /** Of the running process. */
  get pid(): number | undefined {
    return this.#running?.process.pid
  }

  async client(signal: AbortSignal): Promise<RuntimeClient> {
    return (await this.#ensure(signal)).client
  }

  /** Tasks under way fail. Safe to call again. */
  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #ensure(signal: AbortSignal): Promise<Running> {
    signal.throwIfAborted()
    if (this.#closing !== null) throw absent('it is closed')
    for (let running = this.#running; running !== null; running = this.#running)
      if (await untilAborted(answers(running), signal)) return running
    if (this.#closing !== null) throw absent('it is closed')
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null
    })
    return untilAborted(this.#starting, signal)
  }

  async #start(): Promise<Running> {
    const { binary, stateDir } = this.#options
    try {
      await access(binary, constants.X_OK)
    } catch {
      throw new GrpcFailure('refused', missing(binary), status.FAILED_PRECONDITION)
    }
    await pause(Math.max(0, this.#notBefore - performance.now()))
    const folder = await makeFolders(stateDir)
    // From here to its being known nothing is waited for: `close` ends every process.
    if (this.#closing !== null) {
      await rm(folder, { recursive: true, force: true })
      throw absent('it is closed')
    }
    const child = spawn(binary, this.#arguments(`unix:${join(folder, 's')}`), {
      env: this.#environment(),
      cwd: stateDir,
      // Its own session: a Ctrl-C in the terminal is this process's to handle.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const told = listenTo(child)
    const gone = this.#follow(child, folder)
    const connection = new GrpcConnection({ target: `unix:${join(folder, 's')}`, tls: false })
    const client = new RuntimeClient(connection)
    const patience = new AbortController()
    const { startMs = START_MS } = this.#options
    const late = setTimeout(() => patience.abort(new Error(`no answer within ${startMs} ms`)), startMs)
    try {
      const ended = gone.then(() => Promise.reject(new Error('it ended')))
      await untilAborted(Promise.race([told.listening, ended]), patience.signal)
      await client.describe(patience.signal)
      const running = { process: child, client, gone }
      this.#running = running
      void gone.then(() => connection.close())
      return running
    } catch (error) {
      connection.close()
      child.kill('SIGKILL')
      await gone
      const why = error instanceof Error ? error.message : String(error)
      throw absent(`it did not start: ${[why, told.said().trim()].filter(Boolean).join(': ')}`)
    } finally {
      clearTimeout(late)
    }
  }

  #arguments(listen: string): readonly string[] {
    const { stateDir, memoryBytes, threads, idleMs, networkWall, compressor, srs } = this.#options
    return [
      ...['serve', '--listen', listen, '--state', stateDir, '--while-stdin-open'],
      ...(memoryBytes === undefined ? [] : ['--memory', String(memoryBytes)]),
      ...(threads === undefined ? [] : ['--threads', String(threads)]),
      ...(idleMs === undefined ? [] : ['--idle-ms', String(idleMs)]),
      ...(networkWall === true ? ['--network-wall'] : []),
      ...(compressor === undefined ? [] : ['--compressor', compressor.url]),
      ...(srs === undefined ? [] : ['--srs', srs.file, '--srs-sha256', srs.sha256]),
    ]
  }

  #environment(): NodeJS.ProcessEnv {
    const key = this.#options.compressor?.key
    const { W3B_COMPRESSOR_KEY_FILE: file } = process.env
    return {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => HANDED_ON.test(name))),
      // It is read from the process's own folder.
      ...(file ? { W3B_COMPRESSOR_KEY_FILE: resolve(file) } : {}),
      ...(key === undefined ? {} : { W3B_COMPRESSOR_KEY: key }),
    }
  }

  /** Cleans up behind a process, and counts its end against the next start. */
  #follow(child: ChildProcess, folder: string): Promise<void> {
    const started = performance.now()
    child.unref()
    for (const pipe of [child.stdin, child.stdout, child.stderr]) {
      // A process that ends while it is spoken to says so by its exit.
      pipe?.on('error', () => {})
      if (pipe instanceof Socket) pipe.unref()
    }
    const ended = new Promise<void>((resolve) => {
      child.once('error', () => resolve())
      child.once('exit', () => resolve())
    })
    const gone = ended.then(async () => {
      if (this.#running?.process === child) this.#running = null
      this.#processes.delete(child)
      this.#failures = performance.now() - started < STEADY_MS ? this.#failures + 1 : 0
      const wait = this.#failures === 0 ? 0 : LEAST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10)
      this.#notBefore = performance.now() + Math.min(wait, MOST_PAUSE_MS)
      await rm(folder, { recursive: true, force: true })
    })
    this.#processes.set(child, gone)
    return gone
  }

  async #end(): Promise<void> {
    this.#running?.client.close()
    // A start under way ends with its process.
    await Promise.all(
      [...this.#processes].map(async ([child, gone]) => {
        child.ref()
        child.kill('SIGTERM')
        const late = setTimeout(() => child.kill('SIGKILL'), DRAIN_MS)
        await gone
        clearTimeout(late)
      }),
    )
    await this.#starting?.catch(() => {})
  }
}

const missing = (binary: string): string =>
  `there is no native runtime at ${binary}: run \`npm run build:native\` (needs cargo and clang)`
const absent = (reason: string): GrpcFailure =>
  new GrpcFailure('unreachable', `the native runtime: ${reason}`, status.UNAVAILABLE)

/** @returns a folder for its socket, that no other user enters */
async function makeFolders(stateDir: string): Promise<string> {
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o700 })
    return await mkdtemp(join(tmpdir(), 'w3b-native-'))
  } catch (error) {
    throw absent(`it did not start: ${String(error)}`)
  }
}

/** Whether a process still does; one that does not has ended afterwards. */
async function answers({ process, client, gone }: Running): Promise<boolean> {
  const connected = client.ready(never).then(
    () => true,
    () => false,
  )
  if (await Promise.race([connected, gone.then(() => false)])) return true
  process.kill('SIGKILL')
  await gone
  return false
}

/** Waits for the line that says it listens, and keeps the end of what it says otherwise. */
function listenTo({ stdout, stderr }: ChildProcess): { readonly listening: Promise<void>; said(): string } {
  let said = ''
  let out = ''
  const { promise, resolve } = Promise.withResolvers<void>()
  stdout?.on('data', (chunk: Uint8Array) => {
    out = (out + Buffer.from(chunk).toString('latin1')).slice(-KEPT_TEXT)
    if (/^listening on /m.test(out)) resolve()
  })
  stderr?.on('data', (chunk: Uint8Array) => {
    said = (said + Buffer.from(chunk).toString('utf8')).slice(-KEPT_TEXT)
  })
  return { listening: promise, said: () => said }
}
