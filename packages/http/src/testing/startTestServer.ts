import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalSigner, recoverAddress } from '@w3bstream/chain'
import { EmbeddedContent } from '@w3bstream/content'
import {
  type Allotment,
  type Clock,
  createW3bstream,
  ProjectResolver,
  type Registry,
  type Telemetry,
  type W3bstream,
} from '@w3bstream/core'
import { type Domain, type ProjectId, type ProjectRecord, toHex } from '@w3bstream/protocol'
import { openStore, type Store } from '@w3bstream/store-sqlite'
import type { AppConfig } from '../AppConfig.ts'
import type { AppModules } from '../AppModules.ts'
import { createApp } from '../createApp.ts'
import { type Serving, serve } from '../node/serve.ts'
import { TestRoad } from './TestRoad.ts'

/** A line that the server logged, or a metric that it moved. */
export interface Told {
  readonly what: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A listening server over the real core and a SQLite store. */
export interface TestServer {
  readonly url: string
  readonly serving: Serving
  readonly w3b: W3bstream
  readonly store: Store
  readonly domain: Domain
  readonly clock: { at: number }
  readonly told: Told[]
  readonly road: TestRoad
  stop(): Promise<void>
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

/** Starts a server on a free port. */
export async function startTestServer(
  config: Partial<AppConfig> = {},
  modules: Partial<Pick<AppModules, 'publisher' | 'credentialSigner' | 'metrics'>> = {},
  core: {
    readonly notReady?: () => Promise<string[]>
    readonly accepted?: (projectId: ProjectId) => void
    readonly perProject?: Allotment
    /** Default: one that stands still until a test moves it. */
    readonly clock?: Clock
  } = {},
): Promise<TestServer> {
  const dir = await mkdtemp(join(tmpdir(), 'w3b-http-'))
  const time = { at: Date.parse('2026-01-02T03:04:05.678Z') }
  const clock = core.clock ?? { now: () => time.at }
  const store = await openStore({ dir, clock })
  const content = new EmbeddedContent({ blobs: store.blobs }, { dir: join(dir, 'content') })
  const listeners = new Set<(record: ProjectRecord) => void>()
  const registry: Registry = {
    project: (id) => store.chain.project(id),
    projects: () => store.chain.projects(),
    watch: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const told: Told[] = []
  const telemetry: Telemetry = {
    count: (what, fields = {}) => void told.push({ what, fields }),
    observe: (what, _seconds, fields = {}) => void told.push({ what, fields }),
    gauge: (what, value) => void told.push({ what, fields: { value } }),
    log: (level, what, fields = {}) => void told.push({ what, fields: { level, ...fields } }),
    span: (_name, _of, run) => run(),
  }
  const projects = new ProjectResolver({ registry, content, blobs: store.blobs, clock, sha256 })
  const signer = LocalSigner.generate()
  const prover = LocalSigner.generate()
  const domain: Domain = { chainId: 31337n, verifyingContract: '0x00000000000000000000000000000000000000aa' }
  const allotment = { perSecond: 1e6, burst: 1e6 }
  const w3b = createW3bstream(
    {
      messages: store.messages,
      tasks: store.tasks,
      blobs: store.blobs,
      quota: store.quota,
      projects,
      registry,
      clock,
      telemetry,
      domain,
      idSecret: new Uint8Array(32).fill(7),
      sha256,
      recover: (digest, signature) => recoverAddress(digest, toHex(signature)),
      signer,
      provers: { provers: async () => [{ id: 'prover-1', address: prover.address }] },
      proveQueues: () => store.queue('prove'),
      settleQueue: store.queue('settle'),
      watcher: { watch: async () => [] },
      notReady: core.notReady ?? (async () => []),
      accepted: core.accepted ?? (() => {}),
    },
    {
      ingest: { maxMessageBytes: 2 ** 20, perProject: core.perProject ?? allotment, perDevice: allotment },
      proveTimeoutMs: 60_000,
    },
  )
  const app = createApp({
    w3b,
    tokens: store.tokens,
    quota: store.quota,
    telemetry,
    clock,
    metrics: async () => '# HELP w3b_up Whether it is up\nw3b_up 1\n',
    config: {
      chainId: domain.chainId,
      projectContractAddress: domain.verifyingContract,
      operatorAddress: signer.address,
      ...config,
    },
    ...modules,
  })
  const serving = await serve({ app, port: 0 })
  const road = new TestRoad({
    w3b,
    messages: store.messages,
    tasks: store.tasks,
    blobs: store.blobs,
    chain: store.chain,
    tokens: store.tokens,
    clock,
    prover: prover.address,
    contract: domain.verifyingContract,
    publish: (bytes) => content.publish(bytes),
    registered: (record) => {
      for (const listener of listeners) listener(record)
    },
  })
  return {
    url: serving.url,
    serving,
    w3b,
    store,
    domain,
    clock: time,
    told,
    road,
    async stop() {
      await serving.close()
      w3b.close()
      await store.close()
      await rm(dir, { recursive: true })
    },
  }
}
