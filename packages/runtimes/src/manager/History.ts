import type { Usage } from '@w3bstream/core/ports'

/** What a proof of a program took. */
export interface Run extends Usage {
  readonly wallMs: number
}

/** What the next proof of a program is expected to take. */
export interface Expectation {
  /** Null where only its time is known. */
  readonly memoryBytes: number | null
  readonly wallMs: number | null
  readonly cpuMs: number | null
}

interface Known {
  /** The latest, oldest first. */
  readonly runs: Run[]
  /** Told by an execution without a proof. */
  executed: number | null
}

const KEPT_RUNS = 8
const MAX_PROGRAMS = 1_000
/** Tasks of a program differ: by so much one may take more memory than any before. */
const MARGIN = 1.25

/** What proofs took, by project and program: of the last few, of so many programs. */
export class History {
  readonly #programs = new Map<string, Known>()

  /** @param program its hash, and whatever else makes a difference */
  add(program: string, run: Run): void {
    const { runs } = this.#of(program)
    runs.push(run)
    if (runs.length > KEPT_RUNS) runs.shift()
  }

  /** @param memoryBytes what an execution says that proving takes */
  addExecution(program: string, memoryBytes: number): void {
    this.#of(program).executed = memoryBytes
  }

  expect(program: string): Expectation | null {
    const known = this.#programs.get(program)
    if (known === undefined) return null
    const { runs, executed } = known
    const most = (of: (run: Run) => number): number | null => (runs.length === 0 ? null : Math.max(...runs.map(of)))
    const measured = most((run) => run.memoryBytes)
    return {
      memoryBytes: measured === null || measured === 0 ? executed : Math.ceil(measured * MARGIN),
      wallMs: most((run) => run.wallMs),
      cpuMs: most((run) => run.cpuMs),
    }
  }

  #of(program: string): Known {
    const known = this.#programs.get(program) ?? { runs: [], executed: null }
    this.#programs.delete(program)
    this.#programs.set(program, known)
    const [oldest] = this.#programs.keys()
    if (this.#programs.size > MAX_PROGRAMS && oldest !== undefined) this.#programs.delete(oldest)
    return known
  }
}
