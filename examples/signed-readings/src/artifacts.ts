import { readFileSync } from 'node:fs'
import { type Hash, hash } from '@w3bstream/protocol'
import { z } from 'zod'

/** What was built of this example's circuit and guest. */
export interface Artifacts {
  readonly circuit: {
    /** sha-256 of the verifying key: what a project file names the circuit by. */
    readonly verifyingKey: Hash
    /** keccak256 of the generated verifier's runtime code. */
    readonly verifierCodeHash: Hash
    /** Most readings of a task. */
    readonly capacity: number
    readonly proofBytes: number
    /** True while the SRS is the one for tests, whose secret anyone can compute. */
    readonly insecureSrs: boolean
  }
  readonly guest: {
    readonly elf: Uint8Array
    readonly imageId: Hash
  }
  /** Names of the public outputs of both, in order. */
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
const guestSchema = z.object({ imageId: word, elf: z.object({ file: z.string() }) })

/** Reads the committed files; the Solidity verifier is compiled by `packages/contracts`. */
export function artifacts(): Artifacts {
  const read = (file: string) => readFileSync(new URL(`../artifacts/${file}`, import.meta.url))
  const parsed = <T extends z.ZodType>(schema: T, file: string): z.infer<T> =>
    schema.parse(JSON.parse(read(file).toString('utf8')))
  const circuit = parsed(circuitSchema, 'artifacts.json')
  const guest = parsed(guestSchema, 'guest/artifacts.json')
  return {
    circuit: {
      verifyingKey: circuit.verifyingKey.sha256,
      verifierCodeHash: circuit.verifier.runtimeCodeHash,
      capacity: circuit.inputs.capacity,
      proofBytes: circuit.proofBytes,
      insecureSrs: circuit.srs.insecure,
    },
    guest: { elf: read(`guest/${guest.elf.file}`), imageId: guest.imageId },
    outputs: circuit.outputs,
  }
}
