import { ChainRegistry, EthereumWatcher, passSettled } from '@w3bstream/chain'
import type { ExpirePorts, PackLogPorts, ReconcilePorts } from '@w3bstream/core'
import type { Domain } from '@w3bstream/protocol'
import { S3BlobStore, SegmentWriter } from '@w3bstream/store-aws'
import { openChains } from '../shared/openChains.ts'
import { openKey } from '../shared/openKey.ts'
import { openProjects } from '../shared/openProjects.ts'
import { openSenders } from '../shared/openSenders.ts'
import { openUnit } from '../shared/openUnit.ts'
import { RegistryFollower } from '../shared/RegistryFollower.ts'
import { readEndpoints } from '../shared/readEndpoints.ts'
import { readEnvironment, type Variables } from '../shared/readEnvironment.ts'

/** Runtimes that want a GPU where there is one. */
const ON_GPU: ReadonlySet<string> = new Set(['risc0', 'zkwasm'])

/**
 * Opens all that the sequencer works with. Before it packs anything it asks the chain which task numbers were settled: the tables may have been restored
 * from a backup.
 */
export async function openSequencer(variables: Variables) {
  const unit = await openUnit('sequencer', readEnvironment('sequencer', variables), variables)
  const { env, aws, clock, telemetry, messages, tasks, chainState: state, blobs } = unit
  const [signer, prover, settler, urls] = await Promise.all([
    openKey(unit.options, env.sequencerKey),
    openKey(unit.options, env.proverKey),
    openKey(unit.options, env.settlerKey),
    readEndpoints(unit.options, env.rpcParameter, env.config),
  ])
  const chains = openChains(env.config, urls, telemetry)
  const { chain, contracts, fromBlock } = chains.home
  await passSettled({ chain, state, tasks }, { router: contracts.settlement, sequencer: signer.address, fromBlock })
  const registry = new ChainRegistry({ chain, state, contracts, telemetry }, { fromBlock })
  const projects = openProjects({ registry, blobs, clock }, env.config)
  const senders = openSenders({ chains, signer: settler, state, clock, telemetry }, env.config.spending)
  const watcher = new EthereumWatcher({ senders, state, telemetry }, { routerFromBlock: fromBlock })
  const domain: Domain = { chainId: chain.chainId, verifyingContract: contracts.projectRegistrar }
  const [onCpu, onGpu] = [unit.queue(env.proveQueue), env.proveGpuQueue === null ? null : unit.queue(env.proveGpuQueue)]
  const ports: PackLogPorts & ReconcilePorts & ExpirePorts = {
    messages,
    tasks,
    projects,
    signer,
    clock,
    telemetry,
    domain,
    watcher,
    provers: { provers: async () => [{ id: `did:io:${prover.address.slice(2)}`, address: prover.address }] },
    proveQueues: (vmType) => (ON_GPU.has(vmType) ? (onGpu ?? onCpu) : onCpu),
    settleQueue: unit.queue(env.settleQueue),
    exports: new S3BlobStore({ aws }, { bucket: env.bucket, prefix: 'exports/' }),
    setFull: (log, full) => messages.setFull(log, full),
  }
  return {
    env,
    ports,
    senders,
    telemetry,
    follower: new RegistryFollower({ registry, projects, telemetry }),
    segments: new SegmentWriter({ aws, clock }, { stateTable: env.stateTable }),
    gapsQueue: unit.queue(env.gapsQueue),
  }
}

export type OpenSequencer = Awaited<ReturnType<typeof openSequencer>>
