import { readFileSync } from 'node:fs'
import { type Hash, hash } from '@w3bstream/protocol'
import { z } from 'zod'

/** What was built of this example's circuit; the Solidity verifier is compiled by `packages/contracts`. */
export interface CircuitArtifacts {
  /** sha-256 of the verifying key: what a project file names the circuit by. */
  readonly verifyingKey: Hash
  /** keccak256 of the generated verifier's runtime code. */
  readonly verifierCodeHash: Hash
  /** Most readings of a task. */
  readonly capacity: number
  readonly proofBytes: number
  /** Names of the public outputs, in order; the guest's are the same. */
  readonly outputs: readonly string[]
  /** True while the SRS is the one for tests, whose secret anyone can compute. */
  readonly insecureSrs: boolean
}

/** What was built of this example's guest. */
export interface GuestArtifacts {
  readonly elf: Uint8Array
  readonly imageId: Hash
  readonly outputs: readonly string[]
}

const word = z.string().transform((text) => hash(text))
const circuitSchema = z.object({
  verifyingKey: z.object({ sha256: word }),
  verifier: z.object({ runtimeCodeHash: word }),
  inputs: z.object({ capacity: z.int() }),
  proofBytes: z.int(),
  outputs: z.array(z.string()),
  srs: z.object({ insecure: z.boolean() }),
})
const guestSchema = z.object({
  imageId: word,
  elf: z.object({ file: z.string() }),
  outputs: z.array(z.string()),
})

const read = (file: string) => readFileSync(new URL(`../artifacts/${file}`, import.meta.url))
const parsed = <T extends z.ZodType>(schema: T, file: string): z.infer<T> =>
  schema.parse(JSON.parse(read(file).toString('utf8')))

/** Reads the committed files. */
export function circuitArtifacts(): CircuitArtifacts {
  const { verifyingKey, verifier, inputs, srs, ...about } = parsed(circuitSchema, 'artifacts.json')
  return {
    verifyingKey: verifyingKey.sha256,
    verifierCodeHash: verifier.runtimeCodeHash,
    capacity: inputs.capacity,
    insecureSrs: srs.insecure,
    ...about,
  }
}

/** Reads the committed files. */
export function guestArtifacts(): GuestArtifacts {
  const { elf, ...about } = parsed(guestSchema, 'guest/artifacts.json')
  return { elf: read(`guest/${elf.file}`), ...about }
}
