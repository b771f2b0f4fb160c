import type { ProveProgress } from '@w3bstream/core/ports'
import { z } from 'zod'
import type { GrpcConnection } from './GrpcConnection.ts'
import { GrpcFailure } from './GrpcFailure.ts'
import { protocols } from './protocols.ts'

const bytes = z.instanceof(Uint8Array)
const counted = z.string().regex(/^\d+$/).transform(Number)
const INTERNAL = 13

const description = z.object({
  version: z.string(),
  systems: z.array(z.string()),
  circuits: z
    .array(
      z.object({
        id: z.string(),
        verifying_key: bytes,
        capacity: z.number(),
        outputs: z.array(z.string()),
        insecure_srs: z.boolean(),
        memory_bytes: counted,
      }),
    )
    .max(1_000),
  compressors: z.array(z.string()),
  no_compressor: z.string(),
  accelerators: z.array(z.string()),
})

/** What a native runtime has. */
export type RuntimeDescription = z.infer<typeof description>

const loaded = z.object({ handle: bytes, image_id: bytes, verifying_key: bytes })

/** A program that a server keeps. */
export type LoadedProgram = z.infer<typeof loaded>

const execution = z.object({
  user_cycles: counted,
  total_cycles: counted,
  segments: z.number(),
  segment_po2: z.number(),
  journal: bytes,
  public_inputs: z.array(bytes),
  wall_ms: counted,
  memory_bytes: counted,
})

export type RuntimeExecution = z.infer<typeof execution>

const proof = z.object({
  proof: bytes,
  journal: bytes,
  public_inputs: z.array(bytes),
  kind: z.string().max(100),
  image_id: bytes,
  peak_memory_bytes: counted,
  cpu_ms: counted,
})

export type RuntimeProof = z.infer<typeof proof>

const progress = z.object({
  phase: z.enum(['executing', 'proving', 'compressing', 'verifying']),
  done: z.number(),
  planned: z.number(),
})

const proveEvent = z.object({ progress: progress.nullish(), proof: proof.nullish() })

const verification = z.object({ holds: z.boolean(), reason: z.string().max(10_000), journal: bytes })

/** A job as the protocol carries it. */
export interface RuntimeJob {
  readonly handle: Uint8Array
  readonly inputs: readonly string[]
  readonly limits: {
    readonly wall_ms: number
    readonly memory_bytes: number
    readonly threads: number
  }
  readonly receipt: 'AS_ASKED' | 'SNARK'
  readonly task_id: string
}

/** A proof as it is verified: by its program's image id, or by its verifying key. */
export interface RuntimeClaim {
  readonly kind: 'composite' | 'groth16' | 'halo2'
  readonly proof: Uint8Array
  readonly image_id?: Uint8Array
  readonly journal?: Uint8Array
  readonly verifying_key?: Uint8Array
  readonly public_inputs?: readonly Uint8Array[]
}

/** Time for what neither compiles nor proves. */
const SHORT_MS = 10_000
const VERIFY_MS = 60_000
/** A server that keeps a job's limits ends it by itself; after so much longer it counts as lost. */
const GRACE_MS = 15_000

/** Our protocol's calls over a connection. All throw GrpcFailure, and what the signal was aborted with. */
export class RuntimeClient {
  readonly #connection: GrpcConnection

  constructor(connection: GrpcConnection) {
    this.#connection = connection
  }

  /** A number that changes when the server may have forgotten what it loaded. */
  ready(signal: AbortSignal): Promise<number> {
    return this.#connection.ready(signal)
  }

  describe(signal: AbortSignal): Promise<RuntimeDescription> {
    return this.#connection.unary(protocols.ours.describe, {
      request: {},
      timeoutMs: SHORT_MS,
      signal,
      read: description,
    })
  }

  load(
    request: { readonly vm_type: string; readonly program: Uint8Array; readonly exp_param: string },
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<LoadedProgram> {
    return this.#connection.unary(protocols.ours.load, { request, timeoutMs, signal, read: loaded })
  }

  execute(job: RuntimeJob, signal: AbortSignal): Promise<RuntimeExecution> {
    const timeoutMs = job.limits.wall_ms + GRACE_MS
    return this.#connection.unary(protocols.ours.execute, { request: job, timeoutMs, signal, read: execution })
  }

  async prove(
    job: RuntimeJob,
    signal: AbortSignal,
    onProgress: (progress: ProveProgress) => void,
  ): Promise<RuntimeProof> {
    let proof: RuntimeProof | undefined
    await this.#connection.stream(
      protocols.ours.prove,
      { request: job, timeoutMs: job.limits.wall_ms + GRACE_MS, signal, read: proveEvent },
      (event) => {
        if (proof !== undefined) throw new GrpcFailure('nonsense', 'it went on after its proof', INTERNAL)
        if (event.proof) proof = event.proof
        else if (event.progress) onProgress(event.progress)
      },
    )
    if (proof === undefined) throw new GrpcFailure('nonsense', 'it ended without a proof', INTERNAL)
    return proof
  }

  /** @returns why the claim does not hold, or null where it does; and the journal of a composite receipt */
  async verify(
    claim: RuntimeClaim,
    signal: AbortSignal,
  ): Promise<{ readonly reason: string | null; readonly journal: Uint8Array }> {
    const { holds, reason, journal } = await this.#connection.unary(protocols.ours.verify, {
      request: claim,
      timeoutMs: VERIFY_MS,
      signal,
      read: verification,
    })
    return { reason: holds ? null : reason || 'its verification failed', journal }
  }

  close(): void {
    this.#connection.close()
  }
}
