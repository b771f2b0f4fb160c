import type { ProofOutput } from '@w3bstream/core/ports'
import { fromHex, ProgramError } from '@w3bstream/protocol'
import { z } from 'zod'
import { readJson } from '../readJson.ts'

const digits = /^(?:0x)?((?:[0-9a-fA-F]{2})+)$/
const withProof = z.object({ proof: z.string().regex(digits) })

/**
 * Reads what an older `prove(input)` returned: the proof in hex, with or without `0x`; or JSON, whose `proof` it is where that is hex; or any text,
 * whose bytes stand for the proof. Such a program states no outputs.
 * @throws {ProgramError} if it returned nothing
 */
export function readProve(raw: string): ProofOutput {
  if (raw === '') throw new ProgramError({ runtime: 'halo2', reason: 'prove returned an empty text' })
  const hex = digits.exec(raw.trim())?.[1] ?? digits.exec(withProof.safeParse(readJson(raw)).data?.proof ?? '')?.[1]
  return {
    proof: hex ? fromHex(`0x${hex}`) : new TextEncoder().encode(raw),
    outputs: '0x',
    publicInputs: [],
    raw,
    checkedBy: null,
  }
}
