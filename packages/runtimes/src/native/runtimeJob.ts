import type { ProveJob } from '@w3bstream/core/ports'
import type { LoadedProgram, RuntimeJob } from '../grpc/RuntimeClient.ts'

/** A job as our protocol carries it. Zeros leave a limit to the server. */
export function runtimeJob(job: ProveJob, { handle }: LoadedProgram, inputs: readonly string[]): RuntimeJob {
  const { timeoutMs, memoryBytes, threads = 0 } = job.limits
  return {
    handle,
    inputs,
    limits: { wall_ms: Math.ceil(timeoutMs), memory_bytes: Math.floor(memoryBytes), threads },
    receipt: job.onChain ? 'SNARK' : 'AS_ASKED',
    task_id: job.taskId,
  }
}
