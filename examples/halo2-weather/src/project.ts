import { deflateSync } from 'node:zlib'
import type { ProjectVersion } from '@w3bstream/protocol'
import { artifacts } from './artifacts.ts'

/**
 * The version object of this example's project file; `writeProjectFile` makes the file of it.
 *
 * @param options.provingKeyUri where the proving key was published
 * @param options.amount readings a task, at most the circuit's capacity (its default)
 * @param options.native name the built-in circuit as well: nodes with the native runtime prove with it, several times as fast, others with the module
 * @param options.maxAgeMs close a task with fewer once its oldest reading has waited so long; default 10 s
 */
export function project(options: {
  readonly provingKeyUri: string
  readonly version?: string
  readonly amount?: number
  readonly maxAgeMs?: number
  readonly native?: boolean
}): ProjectVersion {
  const { wasm, inputs, provingKeyHash, verifyingKeyHash } = artifacts()
  return {
    version: options.version ?? '0.1',
    vmType: 'halo2',
    code: deflateSync(wasm, { level: 9 }).toString('hex'),
    codeExpParam:
      options.native === true ? JSON.stringify({ circuit: 'weather', verifying_key: verifyingKeyHash }) : null,
    outputs: [{ type: 'settlement' }],
    aggregation: { amount: options.amount ?? inputs.capacity, maxAgeMs: options.maxAgeMs ?? 10_000, maxBytes: null },
    proverAmount: 1,
    inputs,
    provingKey: { uri: options.provingKeyUri, hash: provingKeyHash },
    limits: { timeoutMs: 60_000, memoryBytes: 256 * 1024 * 1024 },
    retentionDays: null,
    devices: { unsigned: 'reject', legacyReplay: 'reject' },
    unknown: {},
  }
}
