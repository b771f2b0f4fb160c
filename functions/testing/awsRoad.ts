import { sha256 } from '@noble/hashes/sha2.js'
import { LocalSigner } from '@w3bstream/chain'
import { createW3bstream, ProjectResolver } from '@w3bstream/core'
import { TestRoad } from '@w3bstream/http/suite'
import { type Domain, recoverSigner } from '@w3bstream/protocol'
import {
  DynamoChainState,
  DynamoMessageLog,
  DynamoTaskStore,
  DynamoTokens,
  openState,
  S3BlobStore,
  SegmentWriter,
  SqsQueue,
} from '@w3bstream/store-aws'
import { streamPump, type TestAws, type TestDeployment } from '@w3bstream/store-aws/testing'
import { AwaitedContent } from '../ingest/AwaitedContent.ts'
import { storedRegistry } from '../shared/storedRegistry.ts'

const UNLIMITED = { perSecond: 1e6, burst: 1e6 }
const clock = { now: () => Date.now() }
const telemetry = {
  count() {},
  observe() {},
  gauge() {},
  log() {},
  span: <T>(_name: unknown, _of: unknown, run: () => Promise<T>) => run(),
}

/** The other units' part, over a test deployment: the stream's segment writer, and what registers, packs and takes tasks along. */
export async function awsRoad(
  aws: TestAws,
  deployment: TestDeployment,
  domain: Domain,
): Promise<TestRoad & { stop(): Promise<void> }> {
  const modules = { aws: aws.direct }
  const { tables, bucket, queues } = deployment
  const { table, idSecret } = await openState(modules, { table: tables.state })
  const messages = new DynamoMessageLog(modules, {
    messagesTable: tables.messages,
    stateTable: tables.state,
    bucket,
  })
  const tasks = new DynamoTaskStore({ table, log: messages, clock, telemetry })
  const state = new DynamoChainState({ table })
  const tokens = new DynamoTokens({ table })
  const blobs = new S3BlobStore(modules, { bucket })
  const registry = storedRegistry({ state })
  const writer = new SegmentWriter({ ...modules, clock }, { stateTable: tables.state })
  const pump = streamPump(aws.direct, {
    table: tables.messages,
    async handler({ Records }) {
      await writer.write(Records)
      return undefined
    },
  })
  const prover = LocalSigner.generate()
  const queue = (name: 'prove' | 'settle') =>
    new SqsQueue(modules, { url: queues[name].url, deadLettersUrl: queues[name].deadLettersUrl })
  const w3b = createW3bstream(
    {
      messages,
      tasks,
      blobs,
      quota: { take: () => 0 },
      projects: new ProjectResolver(
        { registry, content: new AwaitedContent(), blobs, clock, sha256 },
        { recordTtlMs: 1 },
      ),
      registry,
      clock,
      telemetry,
      domain,
      idSecret,
      sha256,
      recover: recoverSigner,
      signer: LocalSigner.generate(),
      provers: { provers: async () => [{ id: 'prover-1', address: prover.address }] },
      proveQueues: () => queue('prove'),
      settleQueue: queue('settle'),
      watcher: { watch: async () => [] },
      notReady: async () => [],
      accepted: () => {},
    },
    {
      ingest: { maxMessageBytes: 2 ** 20, perProject: UNLIMITED, perDevice: UNLIMITED },
      proveTimeoutMs: 60_000,
    },
  )
  const road = new TestRoad({
    w3b,
    messages,
    tasks,
    blobs,
    chain: state,
    tokens,
    clock,
    prover: prover.address,
    contract: domain.verifyingContract,
    publish: async (bytes) => `https://project.example/${await blobs.put(bytes)}`,
    order: () => pump.drained(),
  })
  return Object.assign(road, {
    async stop() {
      await pump.stop()
      w3b.close()
    },
  })
}
