import { createHash } from 'node:crypto'
import type { Usage } from '@w3bstream/core/ports'
import { ProgramError, ProgramLimitError, toHex } from '@w3bstream/protocol'
import type { ProgramAbi, ProgramInput } from '../child/Program.ts'
import { SandboxUnavailableError } from '../SandboxUnavailableError.ts'
import { childWalls, type Wall } from './childCommand.ts'
import { peakBytes } from './peakBytes.ts'
import { type RequestLimits, SandboxChild } from './SandboxChild.ts'
import type { SandboxProgram } from './SandboxProgram.ts'

export interface SandboxOptions {
  /** Programs that run at the same time. Default 2. */
  readonly poolSize?: number
  /** Most bytes of a program, after inflation. Default 32 MiB. */
  readonly programBytes?: number
  /** Most bytes of a proving key. Default 128 MiB. */
  readonly provingKeyBytes?: number
  /** Most memory of a program, whatever it asks for. Default 2 GiB. */
  readonly memoryBytes?: number
  /** Longest run of a program, whatever it asks for. Default 10 minutes. */
  readonly timeoutMs?: number
  /** What a child's process may have beside its program's memory: Node itself, compiled code, the proving key. Default 384 MiB. */
  readonly overheadBytes?: number
  /** A child that nobody used for so long is ended; the next task starts one anew. Default 60 s. */
  readonly idleMs?: number
  /** Refuses to be made where the operating system does not keep programs from the network: right for nodes in a cloud, whose metadata addresses give credentials. Default false. */
  readonly networkWall?: boolean
}

export const SANDBOX_DEFAULTS: Required<SandboxOptions> = {
  poolSize: 2,
  programBytes: 32 * 1024 ** 2,
  provingKeyBytes: 128 * 1024 ** 2,
  memoryBytes: 2 * 1024 ** 3,
  timeoutMs: 600_000,
  overheadBytes: 384 * 1024 ** 2,
  idleMs: 60_000,
  networkWall: false,
}

/** What a run gives back. */
export interface SandboxResult {
  readonly abi: ProgramAbi
  readonly body: Uint8Array
  readonly usage: Usage
}

interface SeatLimits extends RequestLimits {
  /** Of the program itself. */
  readonly memoryBytes: number
}

/** A child with what it has loaded, once it has. */
interface Seat {
  readonly child: SandboxChild
  loaded: { readonly key: string; readonly abi: ProgramAbi } | null
  /** Resident memory at its peak. */
  bytes: number
  idle: NodeJS.Timeout | undefined
}

/**
 * Runs programs of strangers, each in a process of its own.
 *
 * A child serves one program from its first load to its end: what one project's code did to it never meets another's. It keeps the compiled module,
 * so that the next task of the same program starts at once; a spare child waits for the next program. Children are started when they are needed.
 */
export class Sandbox {
  readonly #options: Required<SandboxOptions>
  readonly #walls: readonly Wall[]
  readonly #seats = new Set<Seat>()
  readonly #idle: Seat[] = []
  readonly #queue: (() => void)[] = []
  #spare: Seat | null = null
  #running = 0
  #closed = false

  /**
   * @param walls between a child and the rest: those that this machine has
   * @throws {SandboxUnavailableError} where `networkWall` asks for a wall that is not to be had
   */
  constructor(options: SandboxOptions = {}, walls: readonly Wall[] = childWalls()) {
    this.#options = { ...SANDBOX_DEFAULTS, ...options }
    this.#walls = walls
    if (this.#options.networkWall && !walls.includes('namespaces') && !walls.includes('calls'))
      throw new SandboxUnavailableError({
        reason:
          'nothing would keep it from the network here: it takes unshare and user namespaces, or Perl and seccomp',
      })
  }

  /** Process ids of the children that are alive. */
  get pids(): readonly number[] {
    return [...this.#seats].flatMap(({ child: { pid, alive } }) => (alive && pid !== undefined ? [pid] : []))
  }

  /**
   * Runs a program over one task. Waits for a free place; `timeoutMs` counts from then, loading included.
   * @throws {ProgramError} @throws {ProgramLimitError} @throws {SandboxUnavailableError} and what `signal` was aborted with
   */
  async run(
    program: SandboxProgram,
    input: ProgramInput,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<SandboxResult> {
    return this.#seated(program, timeoutMs, signal, async (seat, limits) => {
      const before = seat.child.cpuMs
      const { abi } = await this.#load(seat, program, limits, signal)
      const { body } = await seat.child.request({ op: 'run', input }, new Uint8Array(), limits, signal)
      seat.bytes = seat.child.pid === undefined ? 0 : await peakBytes(seat.child.pid)
      return { abi, body, usage: { memoryBytes: seat.bytes, cpuMs: seat.child.cpuMs - before } }
    })
  }

  /** Compiles a program ahead of its first task, so that this one starts at once. @throws {ProgramError} @throws {ProgramLimitError} */
  async warm(program: SandboxProgram, signal: AbortSignal = new AbortController().signal): Promise<void> {
    await this.#seated(program, this.#options.timeoutMs, signal, (seat, limits) =>
      this.#load(seat, program, limits, signal),
    )
  }

  /** Memory of the children that are kept for the next task of their program. @param except such as `halo2 0x…`, a kind and a program's hash */
  idleBytes(except: string | null): number {
    return this.#idleBut(except).reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Ends the children that are kept for the next task of their program. @param except as for `idleBytes` */
  endIdle(except: string | null): void {
    for (const { child } of this.#idleBut(except)) child.kill()
  }

  /** Ends every child; runs under way fail with SandboxUnavailableError. */
  async close(): Promise<void> {
    this.#closed = true
    for (const take of this.#queue.splice(0)) take()
    const seats = [...this.#seats]
    for (const { child } of seats) child.kill()
    await Promise.all(seats.map(({ child }) => child.gone))
  }

  async #seated<T>(
    asked: SandboxProgram,
    timeoutMs: number,
    signal: AbortSignal,
    use: (seat: Seat, limits: SeatLimits) => Promise<T>,
  ): Promise<T> {
    const options = this.#options
    const runtime = asked.kind
    if (asked.bytes.length > options.programBytes)
      throw new ProgramLimitError({ runtime, limit: `size limit of ${options.programBytes} bytes` })
    if ((asked.provingKey?.length ?? 0) > options.provingKeyBytes)
      throw new ProgramLimitError({ runtime, limit: `proving key limit of ${options.provingKeyBytes} bytes` })
    await this.#place(signal)
    try {
      const within = Math.min(timeoutMs, options.timeoutMs)
      const memoryBytes = this.#memoryBytes(asked)
      const seat = this.#seatFor(keyOf(asked, memoryBytes))
      try {
        return await use(seat, {
          runtime,
          memoryBytes,
          timeoutMs: within,
          deadline: performance.now() + within,
          residentBytes: memoryBytes + options.overheadBytes,
        })
      } catch (error) {
        throw this.#closed && !signal.aborted ? closed() : error
      } finally {
        this.#leave(seat)
      }
    } finally {
      // The place goes straight to whoever waited longest: nobody can slip in between.
      const next = this.#queue.shift()
      if (next) next()
      else this.#running--
    }
  }

  #idleBut(except: string | null): Seat[] {
    return this.#idle.filter(
      ({ child, loaded }) => child.alive && (except === null || loaded?.key.startsWith(`${except} `) !== true),
    )
  }

  /** Waits for one of `poolSize` places, in the order of asking. */
  async #place(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw signal.reason
    if (this.#closed) throw closed()
    if (this.#running < this.#options.poolSize) {
      this.#running++
      return
    }
    await new Promise<void>((resolve, reject) => {
      const take = (): void => {
        signal.removeEventListener('abort', onAbort)
        if (this.#closed) reject(closed())
        else resolve()
      }
      const onAbort = (): void => {
        this.#queue.splice(this.#queue.indexOf(take), 1)
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#queue.push(take)
    })
  }

  #seatFor(key: string): Seat {
    const kept = this.#idle.findIndex((seat) => seat.loaded?.key === key && seat.child.alive)
    const [seat] = kept >= 0 ? this.#idle.splice(kept, 1) : []
    if (seat) {
      clearTimeout(seat.idle)
      return seat
    }
    // The longest unused makes room.
    while (this.#idle.length > 0 && this.#idle.length + this.#running > this.#options.poolSize)
      this.#idle.shift()?.child.kill()
    const fresh = this.#spare?.child.alive ? this.#spare : this.#start()
    clearTimeout(fresh.idle)
    this.#spare = null
    return fresh
  }

  async #load(seat: Seat, program: SandboxProgram, limits: SeatLimits, signal: AbortSignal) {
    if (seat.loaded) return seat.loaded
    const key = program.provingKey ?? new Uint8Array()
    const { answer } = await seat.child.request(
      { op: 'load', kind: program.kind, memoryBytes: limits.memoryBytes, keyBytes: key.length },
      Buffer.concat([program.bytes, key]),
      limits,
      signal,
    )
    const refuse = (reason: string): never => {
      throw new ProgramError({ runtime: program.kind, reason })
    }
    const needed = answer.provingKeyNeeded ?? null
    if (needed !== null) {
      if (!program.provingKey) refuse(`it needs the proving key ${needed}, and the project version names none`)
      else if (needed.replace(/^0x/, '').toLowerCase() !== sha256(program.provingKey).slice(2))
        refuse(`it needs the proving key ${needed}, and was given ${sha256(program.provingKey)}`)
    }
    if (!answer.abi) return refuse('its process answered out of turn')
    seat.loaded = { key: keyOf(program, limits.memoryBytes), abi: answer.abi }
    return seat.loaded
  }

  #leave(seat: Seat): void {
    const { child } = seat
    const spent = child.cpuMs > this.#options.timeoutMs
    // A child that loaded nothing has seen a program that does not load: it is not reused for another.
    if (!child.alive || !seat.loaded || spent || this.#closed) child.kill()
    else {
      this.#idle.push(seat)
      this.#endWhenIdle(seat)
    }
    if (!this.#spare && !this.#closed && this.#idle.length > 0) {
      this.#spare = this.#start()
      this.#endWhenIdle(this.#spare)
    }
  }

  #endWhenIdle(seat: Seat): void {
    seat.idle = setTimeout(() => seat.child.kill(), this.#options.idleMs)
    seat.idle.unref()
  }

  #start(): Seat {
    const seat: Seat = {
      child: new SandboxChild(
        {
          cpuSeconds: Math.ceil((4 * this.#options.timeoutMs) / 1000) + 60,
          heapBytes: this.#options.overheadBytes,
        },
        this.#walls,
      ),
      loaded: null,
      bytes: 0,
      idle: undefined,
    }
    this.#seats.add(seat)
    seat.child.gone.then(() => {
      clearTimeout(seat.idle)
      this.#seats.delete(seat)
      const at = this.#idle.indexOf(seat)
      if (at >= 0) this.#idle.splice(at, 1)
      if (this.#spare === seat) this.#spare = null
    })
    return seat
  }

  #memoryBytes({ memoryBytes }: SandboxProgram): number {
    return Math.floor(Math.min(memoryBytes, this.#options.memoryBytes) / PAGE) * PAGE
  }
}

const PAGE = 65_536
const closed = (): SandboxUnavailableError => new SandboxUnavailableError({ reason: 'the sandbox is closed' })
const hashes = new WeakMap<Uint8Array, string>()

/** A proving key is megabytes, and the same array every time. */
function sha256(bytes: Uint8Array): string {
  const known = hashes.get(bytes)
  if (known) return known
  const digest = toHex(createHash('sha256').update(bytes).digest())
  hashes.set(bytes, digest)
  return digest
}

function keyOf({ kind, hash, provingKey }: SandboxProgram, memoryBytes: number): string {
  return `${kind} ${hash} ${memoryBytes} ${provingKey ? sha256(provingKey) : ''}`
}
