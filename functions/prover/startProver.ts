import { hostname } from 'node:os'
import { ChainRegistry, RegisteredVerifier } from '@w3bstream/chain'
import { consume, type ProveOutcome, type ProvePorts, proveTask, type Runtime } from '@w3bstream/core'
import { InvalidInputError, taskId, type VmType } from '@w3bstream/protocol'
import { createRuntimes, inflateOnce, type Runtimes } from '@w3bstream/runtimes'
import { MAX_RECEIVES } from '../shared/handleHints.ts'
import { openChains } from '../shared/openChains.ts'
import { openKey } from '../shared/openKey.ts'
import { openProjects } from '../shared/openProjects.ts'
import { openUnit } from '../shared/openUnit.ts'
import { readEndpoints } from '../shared/readEndpoints.ts'
import { readEnvironment, type Variables } from '../shared/readEnvironment.ts'
import { Intake } from './Intake.ts'
import { runtimeOptions } from './runtimeOptions.ts'
import { ScaleInProtection } from './ScaleInProtection.ts'

/** Hidden from other provers for so long at a time; extended while the work goes on. */
const VISIBILITY_MS = 60_000
/** Without a heartbeat for so long, another prover may take the task. */
const LEASE_MS = 30_000
/** Of the two minutes between SIGTERM and the end: what is then still in hand goes back to the queue. */
const DRAIN_MS = 90_000
const FLUSH_EVERY_MS = 60_000
/**
 * Hints held beyond the places, where several proofs share a machine: one may be of a project that has its turn. A GPU, or a single core, is had in the
 * queue's order: a proof may take an hour, and what waits is to show in the queue, by whose length provers are added.
 */
const SPARE_HINTS = 2
/** How long a hint that finds no place is kept from other provers. */
const WAIT_MS = 60_000

export interface ProverOptions {
  /** In place of the sandboxed runtimes, for what has hardware of its own. */
  readonly runtimes?: ReadonlyMap<VmType, Runtime>
  readonly drainMs?: number
  readonly leaseMs?: number
  readonly visibilityMs?: number
}

/** A prover at work. */
export interface RunningProver {
  /** Takes no more hints, gives what is in hand some time, hands back the rest, and ends. */
  close(): Promise<void>
}

/**
 * Takes tasks from the queue of this machine's hardware and proves them: as many at once as it has processors and memory for, one at a time on its GPU.
 * @throws {InvalidConfigError} @throws {SandboxUnavailableError} in the cloud, where programs could reach the network
 */
export async function startProver(variables: Variables, options: ProverOptions = {}): Promise<RunningProver> {
  const unit = await openUnit('prover', readEnvironment('prover', variables), variables)
  const { env, clock, telemetry, messages, tasks, chainState: state, blobs } = unit
  const { limits } = env.config
  const [signer, urls] = await Promise.all([
    openKey(unit.options, env.proverKey),
    readEndpoints(unit.options, env.rpcParameter, env.config),
  ])
  const { chain, contracts, fromBlock } = openChains(env.config, urls, telemetry).home
  const agent = variables.ECS_AGENT_URI
  const inCloud = typeof agent === 'string' && agent !== ''
  const runtimes = createRuntimes({
    memoryBytes: limits.proveMemoryBytes,
    timeoutMs: limits.proveTimeoutMs,
    networkWall: inCloud,
    ...runtimeOptions(env.config.runtimes, variables),
    instead: options.runtimes ?? new Map(),
    machine: { gpus: env.proveGpuQueue === null ? 0 : 1 },
    maxWaitMs: WAIT_MS,
    turnsHeadAway: true,
    telemetry,
  })
  const registry = new ChainRegistry({ chain, state, contracts, telemetry }, { fromBlock })
  const ports: ProvePorts = {
    messages,
    tasks,
    blobs,
    projects: openProjects({ registry, blobs, clock }, env.config),
    runtimes,
    verifier: new RegisteredVerifier({ chain, contracts }),
    signer,
    clock,
    telemetry,
    domain: { chainId: chain.chainId, verifyingContract: contracts.projectRegistrar },
    settleQueue: unit.queue(env.settleQueue),
    inflate: inflateOnce(),
    settlement: { chainId: chain.chainId, router: contracts.settlement },
  }
  const proveLimits = {
    timeoutMs: limits.proveTimeoutMs,
    // WASM programs have less; a native proof takes what the machine has for it.
    memoryBytes: Math.max(limits.proveMemoryBytes, runtimes.machine.memoryBytes),
    leaseMs: options.leaseMs ?? LEASE_MS,
    maxTries: limits.maxTries,
  }
  // SQS keeps equal hints apart: a second one for a task in hand must not take the lease from the first, as the same worker's could.
  let hints = 0
  const worker = (): string => `${hostname()}-${process.pid}-${hints++}`
  const protection = new ScaleInProtection({ telemetry }, { agent: inCloud ? agent : null })
  const intake = new Intake({ queue: unit.queue(env.proveGpuQueue ?? env.proveQueue) })
  const stop = consume({
    queue: intake.queue,
    concurrency: placesOf(runtimes, limits.proveMemoryBytes) + (isShared(runtimes) ? SPARE_HINTS : 0),
    batch: 1,
    visibilityMs: options.visibilityMs ?? VISIBILITY_MS,
    maxReceives: MAX_RECEIVES,
    drainMs: options.drainMs ?? DRAIN_MS,
    telemetry,
    handle: async ([body = ''], signal) => {
      const proving = () => prove(ports, { ...proveLimits, worker: worker() }, body, signal)
      return new Map([[body, await protection.during(() => intake.handle(body, proving))]])
    },
  })
  const flushing = setInterval(() => void telemetry.flush(), FLUSH_EVERY_MS)
  return {
    async close() {
      await stop()
      clearInterval(flushing)
      await Promise.all([runtimes.close(), protection.settled(), telemetry.flush()])
      chain.close()
      unit.close()
    },
  }
}

async function prove(
  ports: ProvePorts,
  limits: Parameters<typeof proveTask>[1],
  body: string,
  signal: AbortSignal,
): Promise<ProveOutcome> {
  try {
    return await proveTask(ports, limits, taskId(body), signal)
  } catch (error) {
    if (error instanceof InvalidInputError) return { type: 'failed', reason: error.message }
    throw error
  }
}

const isShared = ({ machine }: Runtimes): boolean => machine.gpus === 0 && machine.cores > 1

/** Proofs at once, as far as that is known before any was seen: by processors, and by what their programs may take. */
function placesOf({ machine }: Runtimes, proveMemoryBytes: number): number {
  if (machine.gpus > 0) return machine.gpus
  return Math.max(1, Math.min(machine.cores, Math.floor(machine.memoryBytes / (proveMemoryBytes + 2 ** 29))))
}
