import { sha256 } from '@noble/hashes/sha2.js'
import { fromWord, type TaskId } from '@w3bstream/protocol'
import type { ProverInfo } from './ports/Registry.ts'

const utf8 = new TextEncoder()
const distance = (id: string, target: bigint): bigint => fromWord(sha256(utf8.encode(id))) ^ target

/** The prover whose sha256(id) is nearest to the task's id by XOR, so that every sequencer picks the same one. Null where there is none. */
export function nearestProver(provers: readonly ProverInfo[], task: TaskId): ProverInfo | null {
  const target = BigInt(task)
  let nearest: ProverInfo | null = null
  for (const prover of provers)
    if (nearest === null || distance(prover.id, target) < distance(nearest.id, target)) nearest = prover
  return nearest
}
