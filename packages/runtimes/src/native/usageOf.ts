import type { ProofOutput } from '@w3bstream/core/ports'
import type { RuntimeProof } from '../grpc/RuntimeClient.ts'

/** @returns what a server says that a proof took, for a ProofOutput; nothing where it does not say */
export function usageOf({ peak_memory_bytes, cpu_ms }: RuntimeProof): Pick<ProofOutput, 'usage'> {
  return peak_memory_bytes === 0 ? {} : { usage: { memoryBytes: peak_memory_bytes, cpuMs: cpu_ms } }
}
