import { hash as digestOf } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LocalSigner } from '@w3bstream/chain'
import { EmbeddedContent, LocalProjectDirectory, RoutedContent } from '@w3bstream/content'
import {
  type Clock,
  createW3bstream,
  type Destination,
  ProjectResolver,
  type ProvePorts,
  type SettlementWatcher,
  type SettlePorts,
  type W3bstreamModules,
} from '@w3bstream/core'
import { DirectoryRegistry, silentTelemetry } from '@w3bstream/local'
import { type Domain, recoverSigner } from '@w3bstream/protocol'
import { openStore, type Store } from '@w3bstream/store-sqlite'
import { InstantRuntime } from './InstantRuntime.ts'

export const DOMAIN: Domain = { chainId: 31337n, verifyingContract: `0x${'5b'.repeat(20)}` }

/** A clock that tests move. */
export class TestClock implements Clock {
  #now = Date.now()
  now(): number {
    return this.#now
  }
  advance(ms: number): void {
    this.#now += ms
  }
}

/**
 * Every step of the road over a real SQLite store and a directory of project files, without loops: a test takes each step itself.
 * What leaves for a chain is delivered to a list.
 */
export async function embeddedCore(dir: string, projects: Readonly<Record<string, Uint8Array>>) {
  const clock = new TestClock()
  const store: Store = await openStore({ dir: join(dir, 'data'), clock })
  const projectsDir = join(dir, 'projects')
  mkdirSync(projectsDir, { recursive: true })
  for (const [id, bytes] of Object.entries(projects)) writeFileSync(join(projectsDir, id), bytes)
  const directory = new LocalProjectDirectory({ dir: projectsDir })
  const telemetry = silentTelemetry
  const registry = await DirectoryRegistry.open({ directory, behind: null, telemetry })
  const content = new RoutedContent({
    embedded: new EmbeddedContent({ blobs: store.blobs }, { dir: join(dir, 'cids') }),
    directory,
  })
  const sha256 = (bytes: Uint8Array): Uint8Array => digestOf('sha256', bytes, 'buffer')
  const resolver = new ProjectResolver({ registry, content, blobs: store.blobs, clock, sha256 }, { recordTtlMs: 0 })
  const sequencer = LocalSigner.generate()
  const prover = LocalSigner.generate()
  const printed: string[] = []
  const destination: Destination = {
    types: ['stdout'],
    deliver: async (items) => {
      for (const item of items) printed.push(item.record.id)
      return new Map(items.map((item) => [item.record.id, { type: 'delivered', show: 'printed' }]))
    },
  }
  const watcher: SettlementWatcher = { watch: async () => [] }
  const proveQueue = store.queue('prove')
  const settleQueue = store.queue('settle')
  const runtime = new InstantRuntime()
  const modules: W3bstreamModules = {
    messages: store.messages,
    tasks: store.tasks,
    blobs: store.blobs,
    projects: resolver,
    registry,
    quota: store.quota,
    clock,
    telemetry,
    domain: DOMAIN,
    idSecret: new Uint8Array(32).fill(7),
    sha256,
    recover: recoverSigner,
    signer: sequencer,
    provers: { provers: async () => [{ id: 'local', address: prover.address }] },
    proveQueues: () => proveQueue,
    settleQueue,
    watcher,
    notReady: async () => [],
    accepted: () => {},
  }
  const generous = { perSecond: 1e6, burst: 1e6 }
  const w3b = createW3bstream(modules, {
    ingest: { maxMessageBytes: 2 ** 20, perProject: generous, perDevice: generous },
    proveTimeoutMs: 60_000,
  })
  const prove: ProvePorts = {
    ...modules,
    signer: prover,
    runtimes: new Map([['halo2', runtime]]),
    verifier: { verify: async () => 'unregistered' },
    settlement: { chainId: DOMAIN.chainId, router: DOMAIN.verifyingContract },
    inflate: async () => ({ bytes: new Uint8Array(), hash: `0x${'00'.repeat(32)}` as never }),
  }
  const settle: SettlePorts = { ...modules, destination }
  return {
    clock,
    store,
    w3b,
    modules,
    proveQueue,
    prove,
    settle,
    runtime,
    sequencer,
    prover,
    printed,
    projectsDir,
    close: async () => {
      w3b.close()
      registry.close()
      await store.close()
    },
  }
}
