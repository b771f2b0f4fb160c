import { type Hex, toHex } from '@w3bstream/protocol'
import { z } from 'zod'
import { readJson } from '../readJson.ts'

const named = z.object({
  circuit: z.string().min(1).max(100),
  verifying_key: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/)
    .transform((text) => toHex(Buffer.from(text.slice(2), 'hex'))),
})

/** A built-in circuit of the native runtime, as a project version's `codeExpParam` names it. */
export interface CircuitName {
  readonly circuit: string
  /** sha-256 of the verifying key, in hex. */
  readonly verifyingKey: Hex
}

/** @returns null where `codeExpParam` names no circuit */
export function readCircuitName(codeExpParam: string | null): CircuitName | null {
  if (codeExpParam === null) return null
  const { data } = named.safeParse(readJson(codeExpParam))
  return data === undefined ? null : { circuit: data.circuit, verifyingKey: data.verifying_key }
}
