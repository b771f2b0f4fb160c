import type { BlobStore, ChainState, Clock, MessageLog, TaskStore, Tokens, W3bstream } from '@w3bstream/core'
import {
  type Address,
  type Hash,
  type Message,
  type MessageId,
  type ProjectId,
  type ProjectRecord,
  projectId,
  type TaskId,
  type TaskRecord,
  toHex,
} from '@w3bstream/protocol'

export interface TestRoadModules {
  /** A core that may pack and assign, over the same stores as the application's. */
  readonly w3b: W3bstream
  readonly messages: MessageLog
  readonly tasks: TaskStore
  readonly blobs: BlobStore
  readonly chain: Pick<ChainState, 'saveProject'>
  readonly tokens: Tokens
  readonly clock: Clock
  readonly prover: Address
  /** The ProjectRegistrar. */
  readonly contract: Address
  /** Publishes a file. @returns its URI */
  readonly publish: (bytes: Uint8Array) => Promise<string>
  /** Called after a project was registered. */
  readonly registered?: (record: ProjectRecord) => void
  /** Brings what was appended into the order that packers read. */
  readonly order?: () => Promise<unknown>
}

/** hex(zlib("program")): a program that no test here runs. */
export const CODE = '789c2b28ca4f2f4acc05000c0f02f9'

/** Registers projects, makes tokens and takes tasks along their road, as the other units of a deployment do. */
export class TestRoad {
  readonly w3b: W3bstream
  readonly #m: TestRoadModules

  constructor(modules: TestRoadModules) {
    this.#m = modules
    this.w3b = modules.w3b
  }

  /** Publishes a project file and registers it. */
  async project(
    id: bigint,
    versions: readonly Record<string, unknown>[],
    options: { readonly paused?: boolean } = {},
  ): Promise<ProjectId> {
    const file = JSON.stringify(versions.map((one) => ({ vmType: 'halo2', code: CODE, ...one })))
    const bytes = new TextEncoder().encode(file)
    const record: ProjectRecord = {
      id: projectId(id),
      uri: await this.#m.publish(bytes),
      hash: toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))) as Hash,
      paused: options.paused ?? false,
      owner: this.#m.contract,
      block: 7n,
    }
    await this.#m.chain.saveProject(record)
    this.#m.registered?.(record)
    return record.id
  }

  /** @returns a new token's secret */
  async token(scopes: readonly ('send' | 'read' | 'operate')[], project?: ProjectId): Promise<string> {
    const { secret } = await this.#m.tokens.create({
      label: 'test',
      scopes,
      projectId: project ?? null,
      expiresAt: null,
      at: this.#m.clock.now(),
    })
    return secret
  }

  /** Packs and assigns what waits. @returns the task */
  async pack(project: bigint, version = '0.1'): Promise<TaskId> {
    await this.#m.order?.()
    const [id] = await this.w3b.packNow(projectId(project), version)
    if (id === undefined) throw new Error('nothing was packed')
    return id
  }

  stored(id: MessageId): Promise<Message | null> {
    return this.#m.messages.get(id)
  }

  /** The newest message of a project's log. */
  async last(project: bigint, version = '0.1'): Promise<Message | undefined> {
    await this.#m.order?.()
    const entries = await this.#m.messages.read({ projectId: projectId(project), version }, 0, {
      count: 1000,
      bytes: 1e9,
    })
    return entries.at(-1)?.message
  }

  /** Takes an assigned task to `settled`, step by step. @param proofBytes default: the text `proof bytes` */
  async settle(id: TaskId, proofBytes: Uint8Array = new TextEncoder().encode('proof bytes')): Promise<void> {
    const { blobs, clock, contract, prover, tasks } = this.#m
    const lease = await tasks.lease(id, 'test', clock.now(), 60_000)
    if (lease === null) throw new Error('the task cannot be leased')
    const blob = await blobs.put(proofBytes)
    const raw = await blobs.put(new TextEncoder().encode('0xabcd'))
    const proof = { blob, bytes: proofBytes.length, outputs: '0x' as const, raw, bound: true, provingMs: 5 }
    await tasks.advance(
      id,
      { to: 'proved', token: lease.token, proof, result: null, show: '0xabcd' },
      this.#log('proved', prover),
    )
    await tasks.advance(id, { to: 'submitted' }, this.#log('sent', 'settler'))
    const hash: Hash = `0x${'cd'.repeat(32)}` as Hash
    await tasks.advance(
      id,
      {
        to: 'settled',
        settlement: {
          chainId: 31337n,
          contract,
          transactionHash: hash,
          blockNumber: 12n,
          blockHash: hash,
          gasUsed: 361_000n,
        },
        show: hash,
      },
      this.#log('mined', 'settler'),
    )
  }

  async fail(id: TaskId, reason: string): Promise<void> {
    await this.#m.tasks.advance(id, { to: 'failed' }, this.#log(reason, 'prover'))
  }

  async finalize(id: TaskId): Promise<void> {
    await this.#m.tasks.advance(id, { to: 'finalized' }, this.#log('final', 'settler'))
  }

  replay(id: TaskId): Promise<TaskRecord> {
    return this.w3b.replay(id, 'operator')
  }

  #log(reason: string, actor: string) {
    return { at: this.#m.clock.now(), actor, reason }
  }
}
