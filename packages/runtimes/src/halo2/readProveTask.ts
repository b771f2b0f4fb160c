import type { ProofOutput, ProveJob } from '@w3bstream/core/ports'
import { fromHex, ProgramError, toHex } from '@w3bstream/protocol'
import { z } from 'zod'

/** The order of BN254's scalar field: a Halo2 public input is below it. */
const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n
const LIMB = 1n << 128n
const BOUND_INPUTS = 3

const hex = z.string().regex(/^0x(?:[0-9a-fA-F]{2})*$/)
const word = z.string().regex(/^0x[0-9a-fA-F]{64}$/)
const returned = z.union([
  z.object({ error: z.string() }),
  z.object({ proof: hex, publicInputs: z.array(word).max(1024) }),
])

/**
 * Reads what `prove_task` returned, and checks that its first three public inputs are this task's binding and input commitment: a proof over
 * anything else would be refused on-chain after the gas was spent.
 * @param raw JSON `{"proof":"0x…","publicInputs":["0x…"]}` or `{"error":"…"}`
 * @throws {ProgramError}
 */
export function readProveTask(raw: string, job: Pick<ProveJob, 'binding' | 'task'>): ProofOutput {
  const refuse = (reason: string): ProgramError => new ProgramError({ runtime: 'halo2', reason })
  const parsed = returned.safeParse(json(raw))
  if (!parsed.success) throw refuse('prove_task returned no JSON of the form {"proof":"0x…","publicInputs":["0x…"]}')
  if ('error' in parsed.data) throw refuse(parsed.data.error.slice(0, 2048))

  const publicInputs = parsed.data.publicInputs.map((input) => toHex(fromHex(input)))
  if (publicInputs.some((input) => BigInt(input) >= R)) throw refuse('a public input is not below the field’s order')
  const binding = BigInt(job.binding)
  const expected = [binding / LIMB, binding % LIMB, BigInt(job.task.inputCommitment)]
  const names = ['the upper half of the binding', 'the lower half of the binding', 'the input commitment']
  for (const [at, value] of expected.entries()) {
    const input = publicInputs[at]
    if (input === undefined || BigInt(input) !== value) throw refuse(`public input ${at} is not ${names[at]}`)
  }
  const proof = fromHex(parsed.data.proof)
  if (proof.length === 0) throw refuse('prove_task returned an empty proof')
  return {
    proof,
    outputs: `0x${publicInputs
      .slice(BOUND_INPUTS)
      .map((input) => input.slice(2))
      .join('')}`,
    publicInputs,
    raw,
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
