import type { RuntimeEngine } from './RuntimeEngine.ts'

/** Who proves, and who checks the proof: this node's own native runtime, or null where it has none. */
export interface ProvePlace {
  readonly prover: RuntimeEngine
  readonly checker: RuntimeEngine | null
}
