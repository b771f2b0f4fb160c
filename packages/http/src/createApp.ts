import { Hono } from 'hono'
import type { AppConfig } from './AppConfig.ts'
import type { AppContext } from './AppContext.ts'
import type { AppEnv } from './AppEnv.ts'
import type { AppModules } from './AppModules.ts'
import { Access } from './access/Access.ts'
import { Endpoints } from './Endpoints.ts'
import { IngestQueue } from './IngestQueue.ts'
import { Streams } from './live/Streams.ts'
import { TaskChanges } from './live/TaskChanges.ts'
import { olderRoutes } from './older/olderRoutes.ts'
import { systemRoutes } from './systemRoutes.ts'
import { eventRoutes } from './v1/eventRoutes.ts'
import { messageRoutes } from './v1/messageRoutes.ts'
import { projectRoutes } from './v1/projectRoutes.ts'
import { taskRoutes } from './v1/taskRoutes.ts'
import { tokenRoutes } from './v1/tokenRoutes.ts'

const MIB = 2 ** 20

/**
 * The HTTP application: Sprout's API, the later W3bstream's on the same paths, and `/v1`. It needs nothing of Node and runs on edge workers too;
 * `serve` gives it a listener.
 */
export function createApp(p: AppModules & { readonly config: AppConfig }): Hono<AppEnv> {
  const { w3b, tokens, quota, telemetry, clock, metrics, config } = p
  const app = new Hono<AppEnv>()
  const messageBytes = config.maxMessageBytes ?? MIB
  const coalesce = config.coalesce ?? true
  const context: AppContext = {
    w3b,
    tokens,
    telemetry,
    clock,
    metrics,
    publisher: p.publisher ?? null,
    credentialSigner: p.credentialSigner ?? null,
    access: new Access(
      { tokens, quota, clock, ...(p.credentialSigner === undefined ? {} : { credentialSigner: p.credentialSigner }) },
      { quotas: config.quotas ?? {}, trustedProxies: config.trustedProxies ?? 0 },
    ),
    ingest: new IngestQueue({ w3b }, { maxWaiting: config.maxWaiting ?? 20_000, coalesce }),
    streams: new Streams({
      max: config.maxStreams ?? 256,
      streamMs: config.streamMs ?? 60_000,
      heartbeatMs: config.heartbeatMs ?? 15_000,
    }),
    changes: new TaskChanges({ w3b, telemetry }, { follow: coalesce }),
    packOnPost: config.packOnPost ?? true,
    limits: {
      messageBytes,
      messageBodyBytes: 2 * messageBytes + 16_384,
      batch: config.maxBatch ?? 1_000,
      batchBytes: config.maxBatchBytes ?? 8 * MIB,
      projectFileBytes: config.maxProjectFileBytes ?? 32 * MIB,
    },
    domain: { chainId: config.chainId.toString(), verifyingContract: config.projectContractAddress },
    coordinatorConfig: {
      projectContractAddress: config.projectContractAddress,
      ...(config.operatorAddress === undefined ? {} : { OperatorETHAddress: config.operatorAddress }),
      ...(config.operatorSolanaAddress === undefined ? {} : { operatorSolanaAddress: config.operatorSolanaAddress }),
    },
  }
  const endpoints = new Endpoints({ app, telemetry })
  olderRoutes(endpoints, context)
  messageRoutes(endpoints, context)
  taskRoutes(endpoints, context)
  projectRoutes(endpoints, context)
  tokenRoutes(endpoints, context)
  eventRoutes(endpoints, context)
  systemRoutes(endpoints, context)
  return app
}
