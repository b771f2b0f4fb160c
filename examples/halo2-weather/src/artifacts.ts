import { readFileSync } from 'node:fs'
import { type Hash, type Hex, hash, type InputScheme } from '@w3bstream/protocol'
import { z } from 'zod'

/** What `packages/zk/build.mjs` made of this example's circuit. */
export interface Artifacts {
  /** The program, a wasm-bindgen module that exports `prove_task`. */
  readonly wasm: Uint8Array
  /** All that the program needs to prove, as its `proving_key_needed` names it. */
  readonly provingKey: Uint8Array
  readonly provingKeyHash: Hash
  /** sha-256 of the verifying key: what a project file names the built-in circuit by. */
  readonly verifyingKeyHash: Hash
  /** keccak256 of the generated verifier's runtime code. */
  readonly verifierCodeHash: Hash
  readonly proofBytes: number
  /** Names of the public outputs, in order. */
  readonly outputs: readonly string[]
  readonly inputs: Extract<InputScheme, { scheme: 'poseidon-bn254' }>
  /** True while the SRS is the one for tests, whose secret anyone can compute. */
  readonly insecureSrs: boolean
  /** 32 bytes that stand in the code of every verifier made with the SRS for tests. */
  readonly testSrsMarker: Hex
}

const word = z.string().transform((text) => hash(text))
const schema = z.object({
  wasm: z.object({ file: z.string() }),
  provingKey: z.object({ file: z.string(), sha256: word }),
  verifyingKey: z.object({ sha256: word }),
  verifier: z.object({ runtimeCodeHash: word }),
  proofBytes: z.int(),
  outputs: z.array(z.string()),
  inputs: z.object({
    scheme: z.literal('poseidon-bn254'),
    capacity: z.int(),
    fields: z.array(
      z.object({
        name: z.string(),
        scale: z.int(),
        min: z.int().transform((min) => BigInt(min)),
        max: z.int().transform((max) => BigInt(max)),
      }),
    ),
  }),
  srs: z.object({ insecure: z.boolean(), testMarker: word }),
})

/** Reads the committed files; the Solidity verifier is compiled by `packages/contracts`. */
export function artifacts(): Artifacts {
  const read = (file: string) => readFileSync(new URL(`../artifacts/${file}`, import.meta.url))
  const { wasm, provingKey, verifyingKey, verifier, srs, ...about } = schema.parse(
    JSON.parse(read('artifacts.json').toString('utf8')),
  )
  return {
    wasm: read(wasm.file),
    provingKey: read(provingKey.file),
    provingKeyHash: provingKey.sha256,
    verifyingKeyHash: verifyingKey.sha256,
    verifierCodeHash: verifier.runtimeCodeHash,
    insecureSrs: srs.insecure,
    testSrsMarker: srs.testMarker,
    ...about,
  }
}
