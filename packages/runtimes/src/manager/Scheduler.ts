import type { Machine } from './Machine.ts'

/** What a job takes. */
export interface Need {
  readonly memoryBytes: number
  readonly gpus: number
  /** How long it is expected to run, at most. */
  readonly wallMs: number
}

export interface Ask {
  /** Whose job it is: owners are served in turn. */
  readonly owner: string
  /** Asked anew each time that somebody may start, since more is known by then. */
  readonly need: () => Need
  /** @returns the name of what is kept ready for it, or null where nothing is: of an owner's jobs those that find something go first */
  readonly ready?: () => string | null
  /** Waits whatever its owner's line and however long. */
  readonly isPatient?: boolean
}

/** A place, with what it holds. */
export interface Grant {
  readonly cores: number
  readonly memoryBytes: number
  /** Takes more cores, all that are left when whoever could start has started. @returns how many it holds now */
  widen(): number
  /** Gives memory back that the job turned out not to need, or takes what it does, as far as there is some. */
  adjust(memoryBytes: number): void
  release(): void
}

export interface SchedulerOptions {
  /** Jobs of one owner that wait; more are turned away. Default 32. */
  readonly maxWaiting?: number
  /** Longest wait; then the job is turned away, if it is not its turn as soon as there is room. Default: none. */
  readonly maxWaitMs?: number
  /** Turns away, too, whose turn it is, for want of room: where another machine may have some. Default false. */
  readonly turnsHeadAway?: boolean
  /** Memory that is held for nobody in particular: by what is kept ready. */
  readonly idle?: {
    /** @param except of which the job itself has the use */
    bytes(except: string | null): number
    end(except: string | null): void
  }
  /** Told after each change. */
  readonly onChange?: () => void
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number
}

interface Waiting extends Ask {
  readonly settle: (grant: Grant | null) => void
  /** How often a later job of the same owner went first for its warmth. */
  passed: number
}

interface Running {
  readonly owner: string
  readonly startedAt: number
  readonly gpus: number
  readonly wallMs: number
  cores: number
  memoryBytes: number
  /** Core milliseconds that its owner was charged with. */
  charged: number
}

interface Owner {
  readonly waiting: Waiting[]
  running: number
  cores: number
  /** Core milliseconds that it was given: whoever was given least is next. */
  given: number
}

/** Of an owner's line, so many are looked at for one that finds its program ready, and the first is passed so often. */
const LOOK_AHEAD = 8
const MOST_PASSED = 8
/** While a large job waits for room, so many smaller ones may start before it, although none of them is expected to hold it up: expectations fail. */
const MOST_OVERTAKERS = 64
/** What an owner is charged with for a job before it is over, at most: of a new program only its time limit is known. */
const MOST_CHARGED_MS = 60_000

/**
 * Gives jobs places on one machine.
 *
 * Memory and GPUs are never given twice. Owners are served in turn, by the core time that they were given. A job that finds no room keeps its turn: smaller
 * ones start before it only where they are expected to end, or to leave it room, by the time that it can start (as "EASY backfilling" has it: D. Lifka, The
 * ANL/IBM SP scheduling system, 1995). One owner may hold every core; another then gets a place beyond them, so that endless work of one leaves the others a
 * turn: the operating system divides the cores.
 */
export class Scheduler {
  readonly #machine: Machine
  readonly #options: SchedulerOptions
  readonly #now: () => number
  readonly #owners = new Map<string, Owner>()
  readonly #running = new Set<Running>()
  /** Whether there are several owners: a machine of one keeps nothing back for others. */
  #isShared = false
  #lastOwner: string | null = null
  #memory = 0
  #gpus = 0
  #cores = 0
  /** What the owner who was served last had been given: others do not begin further back. */
  #turn = 0
  /** Who is next, and waits for room alone. */
  #head: Waiting | null = null
  #overtaken: { readonly head: Waiting; by: number } | null = null
  #closed = false

  constructor(machine: Machine, options: SchedulerOptions = {}) {
    this.#machine = machine
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  /** Jobs that wait. */
  get waiting(): number {
    let sum = 0
    for (const owner of this.#owners.values()) sum += owner.waiting.length
    return sum
  }

  /** Jobs with a place. */
  get running(): number {
    return this.#running.size
  }

  get busyCores(): number {
    return this.#cores
  }

  get heldBytes(): number {
    return this.#memory
  }

  /** @returns a place; or null, where too many of the owner's wait, it took too long, or it is closed @throws what `signal` was aborted with */
  async take(ask: Ask, signal: AbortSignal): Promise<Grant | null> {
    signal.throwIfAborted()
    const { maxWaiting = 32, maxWaitMs, turnsHeadAway = false } = this.#options
    const owner = this.#owner(ask.owner)
    const isPatient = ask.isPatient ?? false
    if (this.#closed || (!isPatient && owner.waiting.length >= maxWaiting)) {
      this.#forget(ask.owner)
      return null
    }
    this.#isShared ||= this.#lastOwner !== null && this.#lastOwner !== ask.owner
    this.#lastOwner = ask.owner
    const { promise, resolve } = Promise.withResolvers<Grant | null>()
    const waiting: Waiting = { ...ask, settle: resolve, passed: 0 }
    const leave = (): void => {
      this.#leave(waiting)
      resolve(null)
    }
    owner.waiting.push(waiting)
    signal.addEventListener('abort', leave, { once: true })
    // Who has its turn would lose it, and smaller jobs take the room that was kept for it.
    const tooLate = (): void => {
      if (turnsHeadAway || this.#head !== waiting) leave()
    }
    const late = maxWaitMs === undefined || isPatient ? undefined : setInterval(tooLate, maxWaitMs)
    this.#serve()
    const grant = await promise
    signal.removeEventListener('abort', leave)
    clearInterval(late)
    // Where both happened at once, the place goes back.
    if (signal.aborted) {
      grant?.release()
      throw signal.reason
    }
    return grant
  }

  /** Turns away all who wait, and everybody from now on. */
  close(): void {
    this.#closed = true
    for (const [name, owner] of this.#owners) {
      for (const one of owner.waiting.splice(0)) one.settle(null)
      this.#forget(name)
    }
  }

  #serve(): void {
    while (this.#startOne()) {}
    this.#options.onChange?.()
  }

  /** Starts the next job that may start. @returns whether there was one */
  #startOne(): boolean {
    const order = [...this.#owners].filter(([, { waiting }]) => waiting.length > 0)
    order.sort(([, a], [, b]) => this.#rank(a) - this.#rank(b))
    let head: { readonly waiting: Waiting; readonly need: Need } | null = null
    for (const [name, owner] of order) {
      if (!this.#hasCore(owner)) continue
      const first = this.#firstOf(owner)
      for (const waiting of new Set([first, ...owner.waiting])) {
        if (waiting === undefined) continue
        const need = this.#bounded(waiting.need())
        if (this.#keepsBack(need, owner)) continue
        if (this.#fits(need) && (head === null || this.#leavesRoom(need, head))) {
          this.#start(name, owner, waiting, need, head?.waiting ?? null)
          return true
        }
        head ??= { waiting, need }
      }
    }
    this.#head = head?.waiting ?? null
    return false
  }

  #rank(owner: Owner): number {
    return Math.max(owner.given, this.#turn)
  }

  /** A machine smaller than what a job may take is its alone. */
  #bounded(need: Need): Need {
    const { memoryBytes, gpus } = this.#machine
    return { ...need, memoryBytes: Math.min(need.memoryBytes, memoryBytes), gpus: Math.min(need.gpus, gpus) }
  }

  #hasCore(owner: Owner): boolean {
    const { cores } = this.#machine
    if (this.#cores < cores) return true
    // One place beyond the cores, where one other owner has them all.
    if (owner.running > 0 || cores === 1 || this.#cores > cores) return false
    return [...this.#owners.values()].some((other) => other.cores >= cores)
  }

  /** The oldest of an owner's, or another of the first few whose program is ready. */
  #firstOf(owner: Owner): Waiting | undefined {
    const [oldest] = owner.waiting
    if (oldest === undefined || oldest.passed >= MOST_PASSED || (oldest.ready?.() ?? null) !== null) return oldest
    return owner.waiting.slice(0, LOOK_AHEAD).find((one) => (one.ready?.() ?? null) !== null) ?? oldest
  }

  #fits(need: Need): boolean {
    const { memoryBytes, gpus } = this.#machine
    return this.#memory + need.memoryBytes <= memoryBytes && this.#gpus + need.gpus <= gpus
  }

  /** The further jobs of who has the machine alone leave as much room for another's first. */
  #keepsBack(need: Need, owner: Owner): boolean {
    if (!this.#isShared || owner.running === 0 || owner.running < this.#running.size) return false
    return this.#memory + 2 * need.memoryBytes > this.#machine.memoryBytes
  }

  /** Whether a job may start before the one whose turn it is, without holding it up. */
  #leavesRoom(need: Need, head: { readonly waiting: Waiting; readonly need: Need }): boolean {
    if (this.#overtaken?.head === head.waiting && this.#overtaken.by >= MOST_OVERTAKERS) return false
    const now = this.#now()
    const endOf = (one: Running): number => {
      const expected = one.startedAt + one.wallMs
      // It runs longer than expected: who knows, as long again.
      return expected > now ? expected : now + (now - one.startedAt)
    }
    let memory = this.#machine.memoryBytes - this.#memory
    let gpus = this.#machine.gpus - this.#gpus
    let startsAt = now
    for (const one of [...this.#running].sort((a, b) => endOf(a) - endOf(b))) {
      if (memory >= head.need.memoryBytes && gpus >= head.need.gpus) break
      memory += one.memoryBytes
      gpus += one.gpus
      startsAt = endOf(one)
    }
    if (now + need.wallMs <= startsAt) return true
    return need.memoryBytes <= memory - head.need.memoryBytes && need.gpus <= gpus - head.need.gpus
  }

  #start(name: string, owner: Owner, waiting: Waiting, need: Need, overtakes: Waiting | null): void {
    for (const one of owner.waiting) {
      if (one === waiting) break
      one.passed++
    }
    owner.waiting.splice(owner.waiting.indexOf(waiting), 1)
    // What is kept ready makes room for what is to run.
    const ready = waiting.ready?.() ?? null
    const { idle } = this.#options
    if (idle !== undefined && this.#memory + need.memoryBytes + idle.bytes(ready) > this.#machine.memoryBytes)
      idle.end(ready)
    if (overtakes !== null)
      this.#overtaken = { head: overtakes, by: this.#overtaken?.head === overtakes ? this.#overtaken.by + 1 : 1 }
    else if (this.#overtaken?.head === waiting) this.#overtaken = null
    const running: Running = {
      owner: name,
      startedAt: this.#now(),
      gpus: need.gpus,
      wallMs: need.wallMs,
      cores: 1,
      memoryBytes: need.memoryBytes,
      charged: Math.min(need.wallMs, MOST_CHARGED_MS),
    }
    this.#turn = this.#rank(owner)
    owner.given = this.#turn + running.charged
    owner.running++
    owner.cores++
    this.#running.add(running)
    this.#cores++
    this.#memory += need.memoryBytes
    this.#gpus += need.gpus
    waiting.settle(this.#grant(running))
  }

  #grant(running: Running): Grant {
    const { cores, memoryBytes } = this.#machine
    let isOver = false
    return {
      get cores() {
        return running.cores
      },
      get memoryBytes() {
        return running.memoryBytes
      },
      widen: () => {
        if (isOver) return running.cores
        // Who waits on has no use for a core: it lacks memory, a GPU or its turn.
        this.#serve()
        const owner = this.#owners.get(running.owner)
        const more = Math.max(0, cores - this.#cores)
        if (owner === undefined || more === 0) return running.cores
        running.cores += more
        owner.cores += more
        this.#cores += more
        this.#options.onChange?.()
        return running.cores
      },
      adjust: (bytes) => {
        if (isOver) return
        const next = Math.min(bytes, running.memoryBytes + memoryBytes - this.#memory)
        this.#memory += next - running.memoryBytes
        running.memoryBytes = next
        this.#serve()
      },
      release: () => {
        if (isOver) return
        isOver = true
        this.#end(running)
        this.#serve()
      },
    }
  }

  #end(running: Running): void {
    this.#running.delete(running)
    this.#cores -= running.cores
    this.#memory -= running.memoryBytes
    this.#gpus -= running.gpus
    const owner = this.#owners.get(running.owner)
    if (owner === undefined) return
    owner.running--
    owner.cores -= running.cores
    owner.given += running.cores * (this.#now() - running.startedAt) - running.charged
    this.#forget(running.owner)
  }

  #leave(waiting: Waiting): void {
    const owner = this.#owners.get(waiting.owner)
    const at = owner?.waiting.indexOf(waiting) ?? -1
    if (owner === undefined || at === -1) return
    owner.waiting.splice(at, 1)
    this.#forget(waiting.owner)
    // It may have been the one that kept room for itself.
    this.#serve()
  }

  #owner(name: string): Owner {
    const owner = this.#owners.get(name) ?? { waiting: [], running: 0, cores: 0, given: 0 }
    this.#owners.set(name, owner)
    return owner
  }

  #forget(name: string): void {
    const owner = this.#owners.get(name)
    if (owner?.running === 0 && owner.waiting.length === 0) this.#owners.delete(name)
  }
}
