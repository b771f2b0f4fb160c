import type { Hex } from '@w3bstream/protocol'
import { ACCEPT_ANYTHING, INSTANT_PROOF } from '../../support/InstantRuntime.ts'
import { projectFile } from '../../support/projectFile.ts'

/** A project to register. */
export interface TestProject {
  readonly version: string
  readonly file: Uint8Array
  /** What else it needs by hash: keys. */
  readonly files: readonly Uint8Array[]
  readonly verifier: {
    readonly bytecode: Hex
    readonly outputWords: number
    readonly proofBytes: number
    readonly verifyGas: number
  }
}

/** A project whose proofs are there at once, and which settles them; a task a message unless told otherwise. */
export function instant(aggregation: Readonly<Record<string, unknown>> = {}): TestProject {
  const inputs = { scheme: 'poseidon-bn254', capacity: 16, fields: [{ name: 't', scale: 0, min: 0, max: 9 }] }
  return {
    version: '0.1',
    file: projectFile({ outputs: [{ type: 'settlement' }], inputs, ...aggregation }),
    files: [],
    verifier: { bytecode: ACCEPT_ANYTHING, ...INSTANT_PROOF, verifyGas: 100_000 },
  }
}
