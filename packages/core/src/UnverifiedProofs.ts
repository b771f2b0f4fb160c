import type { Hash, TaskId } from '@w3bstream/protocol'
import type { ProofOutput } from './ports/Runtime.ts'

/** A proof that still waits for its verification: proving is what costs, and the chain may be away for a while. */
export interface Unverified {
  readonly output: ProofOutput
  readonly provingMs: number
  readonly binding: Hash
}

export interface UnverifiedBounds {
  readonly count: number
  /** Of proofs and texts. The newest stays, whatever its size. */
  readonly bytes: number
}

/** A text is hex, base64 or JSON, which takes a byte a character; a receipt of RISC Zero may have 64 MB, and a third more as text. */
const BOUNDS: UnverifiedBounds = { count: 16, bytes: 320 * 2 ** 20 }

/** The newest proofs that still wait for their verification. */
export class UnverifiedProofs {
  readonly #bounds: UnverifiedBounds
  readonly #kept = new Map<TaskId, Unverified>()
  #bytes = 0

  constructor(bounds: UnverifiedBounds = BOUNDS) {
    this.#bounds = bounds
  }

  get(task: TaskId): Unverified | undefined {
    return this.#kept.get(task)
  }

  keep(task: TaskId, made: Unverified): void {
    this.delete(task)
    this.#kept.set(task, made)
    this.#bytes += sizeOf(made)
    for (const oldest of this.#kept.keys()) {
      const isBounded = this.#kept.size <= this.#bounds.count && this.#bytes <= this.#bounds.bytes
      if (isBounded || oldest === task) return
      this.delete(oldest)
    }
  }

  delete(task: TaskId): void {
    const kept = this.#kept.get(task)
    if (kept === undefined) return
    this.#kept.delete(task)
    this.#bytes -= sizeOf(kept)
  }
}

const sizeOf = ({ output }: Unverified): number => output.proof.length + output.raw.length
