import type { ProveJob } from '@w3bstream/core/ports'
import { type Hex, ProgramError } from '@w3bstream/protocol'

/** The order of BN254's scalar field: a Halo2 public input is below it. */
const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n
const LIMB = 1n << 128n
const BOUND_INPUTS = 3

/**
 * Checks that a proof's first three public inputs are this task's binding and input commitment: a proof over anything else would be refused on-chain after the
 * gas was spent.
 * @param publicInputs words of 32 bytes
 * @returns the outputs, which stand behind them
 * @throws {ProgramError}
 */
export function readTaskInputs(publicInputs: readonly Hex[], job: Pick<ProveJob, 'binding' | 'task'>): Hex {
  const refuse = (reason: string): ProgramError => new ProgramError({ runtime: 'halo2', reason })
  if (publicInputs.some((input) => BigInt(input) >= R)) throw refuse('a public input is not below the field’s order')
  const binding = BigInt(job.binding)
  const expected = [binding / LIMB, binding % LIMB, BigInt(job.task.inputCommitment)]
  const names = ['the upper half of the binding', 'the lower half of the binding', 'the input commitment']
  for (const [at, value] of expected.entries()) {
    const input = publicInputs[at]
    if (input === undefined || BigInt(input) !== value) throw refuse(`public input ${at} is not ${names[at]}`)
  }
  return `0x${publicInputs
    .slice(BOUND_INPUTS)
    .map((input) => input.slice(2))
    .join('')}`
}
