import { randomUUID } from 'node:crypto'
import { ChainRegistry, EthereumWatcher } from '@w3bstream/chain'
import { followSettlements, pause } from '@w3bstream/core'
import { LeaderLease } from '@w3bstream/store-aws'
import { openChains } from '../shared/openChains.ts'
import { openKey } from '../shared/openKey.ts'
import { openProjects } from '../shared/openProjects.ts'
import { openSenders } from '../shared/openSenders.ts'
import { openUnit } from '../shared/openUnit.ts'
import { RegistryFollower } from '../shared/RegistryFollower.ts'
import { readEndpoints } from '../shared/readEndpoints.ts'
import { readEnvironment, type Variables } from '../shared/readEnvironment.ts'
import { whileLeading } from './whileLeading.ts'

const LEASE_MS = 30_000
/** Tasks of one state looked at in a round. */
const BATCH = 256
/** Most often that the store is asked what is under way, however fast the chain is. */
const LEAST_PAUSE_MS = 2_000
/** A round where nothing is under way. */
const IDLE_MS = 10_000
const FLUSH_EVERY_MS = 60_000

export interface NodeOptions {
  readonly leaseMs?: number
  /** Between two rounds. Default: by the chain's block time. */
  readonly pauseMs?: number
}

/** A node at work, or waiting to lead. */
export interface RunningNode {
  /** Whether it leads now. */
  readonly isLeading: () => boolean
  /** Steps back, so that another may lead at once. */
  close(): Promise<void>
}

/**
 * Listens to the chains as they go: the registry's changes, and what becomes of settlements. It makes receipts come sooner, and nothing depends on it: the
 * scheduled sequencer does the same each minute. One node of a deployment works; the others wait until it no longer does.
 */
export async function startNode(variables: Variables, options: NodeOptions = {}): Promise<RunningNode> {
  const unit = await openUnit('node', readEnvironment('node', variables), variables)
  const { env, clock, telemetry, table, tasks, chainState: state, blobs } = unit
  const [signer, urls] = await Promise.all([
    openKey(unit.options, env.settlerKey),
    readEndpoints(unit.options, env.rpcParameter, env.config),
  ])
  const chains = openChains(env.config, urls, telemetry)
  const { chain, contracts, fromBlock } = chains.home
  const registry = new ChainRegistry({ chain, state, contracts, telemetry }, { fromBlock })
  const projects = openProjects({ registry, blobs, clock }, env.config)
  const follower = new RegistryFollower({ registry, projects, telemetry })
  const senders = openSenders({ chains, signer, state, clock, telemetry }, env.config.spending)
  const watcher = new EthereumWatcher({ senders, state, telemetry }, { routerFromBlock: fromBlock })
  const ports = { tasks, clock, telemetry, watcher, settleQueue: unit.queue(env.settleQueue) }
  const everyMs = options.pauseMs ?? Math.max(LEAST_PAUSE_MS, chain.preset.blockTimeMs)
  const idleMs = options.pauseMs ?? Math.max(IDLE_MS, chain.preset.blockTimeMs)

  const rounds = async (signal: AbortSignal, round: () => Promise<number>): Promise<void> => {
    while (!signal.aborted) {
      const pauseMs = await round().catch((error: unknown) => {
        telemetry.log('warn', 'a round of the node broke off', { reason: String(error) })
        return idleMs
      })
      await pause(pauseMs, signal)
    }
  }
  const lease = new LeaderLease({ table }, { name: 'node', holder: randomUUID(), ttlMs: options.leaseMs ?? LEASE_MS })
  const leading = whileLeading({ lease, clock, telemetry }, options.leaseMs ?? LEASE_MS, async (signal) => {
    await Promise.all([
      rounds(signal, async () => {
        await follower.follow(signal)
        return idleMs
      }),
      rounds(signal, async () => {
        const [submitted, settled] = await Promise.all([
          tasks.stale('submitted', clock.now(), 1, null),
          tasks.stale('settled', clock.now(), 1, null),
        ])
        if (signal.aborted) return 0
        await followSettlements(ports, BATCH)
        return submitted.tasks.length + settled.tasks.length === 0 ? idleMs : everyMs
      }),
    ])
  })
  const flushing = setInterval(() => void telemetry.flush(), FLUSH_EVERY_MS)
  return {
    isLeading: leading.isLeading,
    async close() {
      await leading.close()
      clearInterval(flushing)
      await telemetry.flush()
      for (const { chain: one } of chains.all) one.close()
      unit.close()
    },
  }
}
