import { sha256 } from '@noble/hashes/sha2.js'
import { type Clock, createEntrance, ProjectResolver, replayTask, type Telemetry } from '@w3bstream/core'
import { type AppBindings, createApp } from '@w3bstream/http'
import { type Domain, recoverSigner, TaskNotFoundError, W3bError } from '@w3bstream/protocol'
import {
  type Aws,
  DynamoChainState,
  DynamoMessageLog,
  DynamoTaskStore,
  DynamoTokens,
  openState,
  S3BlobStore,
  SharedQuota,
} from '@w3bstream/store-aws'
import type { UnitVariables } from '../shared/readVariables.ts'
import { storedRegistry } from '../shared/storedRegistry.ts'
import { AwaitedContent } from './AwaitedContent.ts'
import { credentialSignerOf } from './credentialSignerOf.ts'
import type { IngestConfig } from './readIngestConfig.ts'

/** How long a registry record is believed: a project that is paused takes messages for so long. */
const RECORD_TTL_MS = 5_000

export interface IngestModules {
  readonly aws: Aws
  readonly telemetry: Telemetry
  readonly clock: Clock
  /** Reads a parameter of SSM. */
  readonly parameter: (name: string) => Promise<string>
}

/** The application on AWS: takes messages in, answers questions, serves tokens. */
export interface Ingest {
  /** Never rejects: what goes wrong is an answer. */
  fetch(request: Request, bindings: AppBindings): Promise<Response>
  /** To be awaited before the process may be frozen: what is on its way besides answers. */
  settle(): Promise<void>
}

/** Opens the deployment's stores. It needs no chain endpoint, no queue and no key: other units follow chains, and pack, assign and send tasks. */
export async function createIngest(
  modules: IngestModules,
  environment: UnitVariables<'edge', IngestConfig>,
): Promise<Ingest> {
  const { aws, clock, telemetry } = modules
  const { config, messagesTable, stateTable, bucket } = environment
  const [{ table, idSecret }, credentialSigner] = await Promise.all([
    openState({ aws }, { table: stateTable }),
    environment.credentialKeyParameter === null
      ? null
      : modules.parameter(environment.credentialKeyParameter).then(credentialSignerOf),
  ])
  const messages = new DynamoMessageLog({ aws }, { messagesTable, stateTable, bucket })
  const tasks = new DynamoTaskStore({ table, log: messages, clock, telemetry })
  const state = new DynamoChainState({ table })
  const blobs = new S3BlobStore({ aws }, { bucket })
  const quota = new SharedQuota({ aws, clock }, { table: stateTable })
  const { chainId, projectRegistrar } = config.registry
  const domain: Domain = { chainId, verifyingContract: projectRegistrar }
  const registry = storedRegistry({ state })
  const projects = new ProjectResolver(
    { registry, content: new AwaitedContent(), blobs, clock, sha256 },
    { recordTtlMs: RECORD_TTL_MS, maxFileBytes: config.limits.maxProjectFileBytes, share: false },
  )
  const entrance = createEntrance(
    {
      messages,
      tasks,
      blobs,
      quota,
      projects,
      registry,
      clock,
      telemetry,
      domain,
      idSecret,
      sha256,
      recover: recoverSigner,
      notReady: () =>
        state.cursor('registry').then(
          () => [],
          (error: unknown) => [error instanceof W3bError ? error.message : 'the store'],
        ),
    },
    {
      maxMessageBytes: config.limits.maxMessageBytes,
      perProject: config.quotas.perProject,
      perDevice: config.quotas.perDevice,
    },
  )
  const app = createApp({
    w3b: {
      ...entrance,
      packNow: async () => [],
      async replay(id, actor) {
        const record = await tasks.get(id)
        if (record === null) throw new TaskNotFoundError({ task: id })
        // The sequencer's sweep finds it within a minute.
        return replayTask({ tasks, blobs, clock }, id, actor, record)
      },
    },
    tokens: new DynamoTokens({ table }),
    quota,
    telemetry,
    clock,
    metrics: async () => {
      throw new W3bError('NOT_CONFIGURED', 'Metrics of this deployment are in CloudWatch.', { status: 501 })
    },
    ...(credentialSigner === null ? {} : { credentialSigner }),
    config: {
      chainId: domain.chainId,
      projectContractAddress: domain.verifyingContract,
      maxMessageBytes: config.limits.maxMessageBytes,
      maxBatch: config.limits.maxBatch,
      maxProjectFileBytes: config.limits.maxProjectFileBytes,
      quotas: { perAddress: config.quotas.perAddress, perToken: config.quotas.perToken },
      streamMs: environment.streamMs,
      coalesce: false,
      packOnPost: false,
    },
  })
  return {
    fetch: async (request, bindings) => app.fetch(request, bindings),
    settle: () => quota.settle(),
  }
}
