import type { ProofOutput, ProveJob } from '@w3bstream/core/ports'
import { fromHex, ProgramError, toHex } from '@w3bstream/protocol'
import { z } from 'zod'
import { readJson } from '../readJson.ts'
import { readTaskInputs } from './readTaskInputs.ts'

const hex = z.string().regex(/^0x(?:[0-9a-fA-F]{2})*$/)
const word = z.string().regex(/^0x[0-9a-fA-F]{64}$/)
const returned = z.union([
  z.object({ error: z.string() }),
  z.object({ proof: hex, publicInputs: z.array(word).max(1024) }),
])

/**
 * Reads what `prove_task` returned, and checks that it is about this task.
 * @param raw JSON `{"proof":"0x…","publicInputs":["0x…"]}` or `{"error":"…"}`
 * @throws {ProgramError}
 */
export function readProveTask(raw: string, job: Pick<ProveJob, 'binding' | 'task'>): ProofOutput {
  const refuse = (reason: string): ProgramError => new ProgramError({ runtime: 'halo2', reason })
  const parsed = returned.safeParse(readJson(raw))
  if (!parsed.success) throw refuse('prove_task returned no JSON of the form {"proof":"0x…","publicInputs":["0x…"]}')
  if ('error' in parsed.data) throw refuse(parsed.data.error.slice(0, 2048))

  const publicInputs = parsed.data.publicInputs.map((input) => toHex(fromHex(input)))
  const outputs = readTaskInputs(publicInputs, job)
  const proof = fromHex(parsed.data.proof)
  if (proof.length === 0) throw refuse('prove_task returned an empty proof')
  return { proof, outputs, publicInputs, raw, checkedBy: null }
}
