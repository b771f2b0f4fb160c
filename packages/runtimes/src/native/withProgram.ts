import { createHash } from 'node:crypto'
import { status } from '@grpc/grpc-js'
import type { ProveJob } from '@w3bstream/core/ports'
import { GrpcFailure } from '../grpc/GrpcFailure.ts'
import type { LoadedProgram, RuntimeClient } from '../grpc/RuntimeClient.ts'

/** Handles remembered for one server: 64 bytes each. */
const KEPT = 1_000

interface Known {
  readonly generation: number
  readonly program: LoadedProgram
}

/** A client is one process's, and knows nothing of another's. */
const known = new WeakMap<RuntimeClient, Map<string, Known>>()

/**
 * Calls `use` with the job's program as the server knows it. It is sent once for a server's life: again only after a reconnection, or when the server says
 * that it forgot it.
 * @throws {GrpcFailure}, what `signal` was aborted with, and what `use` threw
 */
export async function withProgram<T>(
  client: RuntimeClient,
  vmType: 'risc0' | 'halo2',
  job: ProveJob,
  signal: AbortSignal,
  use: (program: LoadedProgram) => Promise<T>,
): Promise<T> {
  const handles = known.get(client) ?? new Map<string, Known>()
  known.set(client, handles)
  const key = keyOf(vmType, job)
  const load = async (): Promise<LoadedProgram> => {
    const generation = await client.ready(signal)
    const kept = handles.get(key)
    if (kept?.generation === generation) return kept.program
    const request = { vm_type: vmType, program: job.program.bytes, exp_param: job.codeExpParam ?? '' }
    const program = await client.load(request, job.limits.timeoutMs, signal)
    handles.set(key, { generation, program })
    const [oldest] = handles.keys()
    if (handles.size > KEPT && oldest !== undefined) handles.delete(oldest)
    return program
  }
  try {
    return await use(await load())
  } catch (error) {
    if (!(error instanceof GrpcFailure && error.kind === 'refused' && error.code === status.NOT_FOUND)) throw error
    handles.delete(key)
    return use(await load())
  }
}

function keyOf(vmType: string, { program, codeExpParam }: ProveJob): string {
  const param = createHash('sha256')
    .update(codeExpParam ?? '')
    .digest('hex')
  return `${vmType} ${program.hash} ${param}`
}
