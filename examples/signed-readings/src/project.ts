import { deflateSync } from 'node:zlib'
import type { Output, ProjectVersion } from '@w3bstream/protocol'
import { circuitArtifacts, guestArtifacts } from './artifacts.ts'
import { FIELDS } from './fields.ts'

export interface ProjectOptions {
  readonly version?: string
  /** Readings a task. Default: 2, the circuit's capacity; a guest takes any number. */
  readonly amount?: number
  /** Close a task with fewer once its oldest reading has waited so long; default 10 s. */
  readonly maxAgeMs?: number
  /** Where results go. Default: the settlement router. */
  readonly output?: Output
}

/** The version object that proves with the built-in circuit `signed-readings` (Halo2, secp256k1 keys). It takes the native runtime. */
export function circuitProject(options: ProjectOptions = {}): ProjectVersion {
  const { verifyingKey, capacity } = circuitArtifacts()
  return {
    ...common(options),
    vmType: 'halo2',
    // No program: the circuit is in the native runtime, and its verifying key says which one is meant.
    code: packed(Buffer.from('The circuit signed-readings of the native runtime.')),
    codeExpParam: JSON.stringify({ circuit: 'signed-readings', verifying_key: verifyingKey }),
    inputs: { scheme: 'poseidon-bn254', capacity, fields: FIELDS },
    limits: { timeoutMs: 10 * 60_000, memoryBytes: 4 * 2 ** 30 },
  }
}

/** The version object that proves with the guest (RISC Zero, ed25519 and P-256 keys). */
export function guestProject(options: ProjectOptions = {}): ProjectVersion {
  const { elf, imageId } = guestArtifacts()
  return {
    ...common(options),
    vmType: 'risc0',
    code: packed(elf),
    codeExpParam: JSON.stringify({ image_id: imageId }),
    inputs: { scheme: 'sha256' },
    // Two readings take some 700 seconds of a core.
    limits: { timeoutMs: 30 * 60_000, memoryBytes: 4 * 2 ** 30 },
  }
}

const packed = (program: Uint8Array): string => deflateSync(program, { level: 9 }).toString('hex')

type Common = Omit<ProjectVersion, 'vmType' | 'code' | 'codeExpParam' | 'inputs' | 'limits'>

const common = ({ version = '0.1', amount = 2, maxAgeMs = 10_000, output }: ProjectOptions): Common => ({
  version,
  outputs: [output ?? { type: 'settlement' }],
  aggregation: { amount, maxAgeMs, maxBytes: null },
  proverAmount: 1,
  provingKey: null,
  retentionDays: null,
  devices: { unsigned: 'reject', legacyReplay: 'reject' },
  unknown: {},
})
