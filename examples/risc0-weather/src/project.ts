import { deflateSync } from 'node:zlib'
import type { Output, ProjectVersion } from '@w3bstream/protocol'
import { artifacts } from './artifacts.ts'

/**
 * The version object of this example's project file; `writeProjectFile` makes the file of it.
 *
 * @param options.amount readings a task; default 8, which a proof of 2^16 cycles holds; 24 take one of 2^17
 * @param options.maxAgeMs close a task with fewer once its oldest reading has waited so long; default 10 s
 * @param options.output default: the prover's log. To settle on-chain takes a node with a compressor: only Groth16 receipts are checked there
 */
export function project(
  options: {
    readonly version?: string
    readonly amount?: number
    readonly maxAgeMs?: number
    readonly output?: Output
  } = {},
): ProjectVersion {
  const { elf, imageId } = artifacts()
  return {
    version: options.version ?? '0.1',
    vmType: 'risc0',
    code: deflateSync(elf, { level: 9 }).toString('hex'),
    codeExpParam: JSON.stringify({ image_id: imageId }),
    outputs: [options.output ?? { type: 'stdout' }],
    aggregation: { amount: options.amount ?? 8, maxAgeMs: options.maxAgeMs ?? 10_000, maxBytes: null },
    proverAmount: 1,
    inputs: { scheme: 'sha256' },
    provingKey: null,
    limits: { timeoutMs: 10 * 60_000, memoryBytes: 2 * 2 ** 30 },
    retentionDays: null,
    devices: { unsigned: 'reject', legacyReplay: 'reject' },
    unknown: {},
  }
}
