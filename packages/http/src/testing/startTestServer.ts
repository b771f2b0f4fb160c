import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { LocalSigner, recoverAddress } from '@w3bstream/chain'
import { EmbeddedContent } from '@w3bstream/content'
import {
  type Allotment,
  createW3bstream,
  ProjectResolver,
  type Registry,
  type Telemetry,
  type W3bstream,
} from '@w3bstream/core'
import { type Domain, type ProjectId, type ProjectRecord, projectId, type TaskId, toHex } from '@w3bstream/protocol'
import { openStore, type Store } from '@w3bstream/store-sqlite'
import type { AppConfig } from '../AppConfig.ts'
import type { AppModules } from '../AppModules.ts'
import { createApp } from '../createApp.ts'
import { type Serving, serve } from '../node/serve.ts'

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
  /** Publishes a project file and registers it. */
  project(
    id: bigint,
    versions: readonly Record<string, unknown>[],
    options?: { readonly paused?: boolean },
  ): Promise<ProjectId>
  /** A token's secret. */
  token(scopes: readonly ('send' | 'read' | 'operate')[], project?: ProjectId): Promise<string>
  /** Takes a packed and assigned task to `settled` or `failed`, step by step. */
  settle(id: TaskId): Promise<void>
  fail(id: TaskId, reason: string): Promise<void>
  finalize(id: TaskId): Promise<void>
  stop(): Promise<void>
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

/** hex(zlib(…)) of some bytes: a program that no test here runs. */
export const CODE = deflateSync(Buffer.from('program')).toString('hex')

/** Starts a server on a free port. */
export async function startTestServer(
  config: Partial<AppConfig> = {},
  modules: Partial<Pick<AppModules, 'publisher' | 'credentialSigner' | 'metrics'>> = {},
  core: {
    readonly notReady?: () => Promise<string[]>
    readonly accepted?: (projectId: ProjectId) => void
    readonly perProject?: Allotment
  } = {},
): Promise<TestServer> {
  const dir = await mkdtemp(join(tmpdir(), 'w3b-http-'))
  const time = { at: Date.parse('2026-01-02T03:04:05.678Z') }
  const clock = { now: () => time.at }
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
      sha256,
      recover: (digest, signature) => recoverAddress(digest, toHex(signature)),
      signer,
      provers: { provers: async () => [{ id: 'prover-1', address: prover.address }] },
      proveQueue: store.queue('prove'),
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
  const log = (reason: string, actor = 'test') => ({ at: clock.now(), actor, reason })
  return {
    url: serving.url,
    serving,
    w3b,
    store,
    domain,
    clock: time,
    told,
    async project(id, versions, options = {}) {
      const bytes = Buffer.from(JSON.stringify(versions.map((one) => ({ vmType: 'halo2', code: CODE, ...one }))))
      const record: ProjectRecord = {
        id: projectId(id),
        uri: await content.publish(bytes),
        hash: toHex(sha256(bytes)) as ProjectRecord['hash'],
        paused: options.paused ?? false,
        owner: signer.address,
        block: 7n,
      }
      await store.chain.saveProject(record)
      for (const listener of listeners) listener(record)
      return record.id
    },
    async token(scopes, project) {
      const { secret } = await store.tokens.create({
        label: 'test',
        scopes,
        projectId: project ?? null,
        expiresAt: null,
        at: clock.now(),
      })
      return secret
    },
    async settle(id) {
      const lease = await store.tasks.lease(id, 'test', clock.now(), 60_000)
      if (lease === null) throw new Error('the task cannot be leased')
      const blob = await store.blobs.put(Buffer.from('proof bytes'))
      const raw = await store.blobs.put(Buffer.from('0xabcd'))
      const proof = { blob, bytes: 11, outputs: '0x' as const, raw, bound: true, provingMs: 5 }
      await store.tasks.advance(
        id,
        { to: 'proved', token: lease.token, proof, result: null, show: '0xabcd' },
        log('proved', prover.address),
      )
      await store.tasks.advance(id, { to: 'submitted' }, log('sent', 'settler'))
      const hash = `0x${'cd'.repeat(32)}` as ProjectRecord['hash']
      await store.tasks.advance(
        id,
        {
          to: 'settled',
          settlement: {
            chainId: 31337n,
            contract: domain.verifyingContract,
            transactionHash: hash,
            blockNumber: 12n,
            blockHash: hash,
            gasUsed: 361_000n,
          },
          show: hash,
        },
        log('mined', 'settler'),
      )
    },
    async fail(id, reason) {
      await store.tasks.advance(id, { to: 'failed' }, log(reason, 'prover'))
    },
    async finalize(id) {
      await store.tasks.advance(id, { to: 'finalized' }, log('final', 'settler'))
    },
    async stop() {
      await serving.close()
      w3b.close()
      await store.close()
      await rm(dir, { recursive: true })
    },
  }
}
