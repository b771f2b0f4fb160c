import { config, configJson, stage } from './deployment.ts'
import type { QueuePair } from './queues.ts'
import { secretParameter, secretsVersion } from './secrets.ts'
import { bucket, messages, state } from './storage.ts'

/** A unit's environment, as `functions/shared/readEnvironment.ts` reads it. */
export type Environment = Readonly<Record<string, $util.Input<string>>>

/** What every unit is told. */
export const common: Environment = {
  W3B_STAGE: stage,
  W3B_CONFIG: configJson,
  W3B_TABLE_MESSAGES: messages.name,
  W3B_TABLE_STATE: state.name,
  W3B_BUCKET: bucket.name,
  W3B_LOG_LEVEL: config.aws.logLevel,
  W3B_SECRETS_VERSION: secretsVersion,
}

/** A queue's URL and that of its dead letters. */
export const queueUrls = (name: string, { queue, deadLetters }: QueuePair): Environment => ({
  [`W3B_QUEUE_${name}`]: queue.url,
  [`W3B_QUEUE_${name}_DLQ`]: deadLetters.url,
})

/** Where the chains' endpoints are to be read. */
export const endpoints: Environment = { W3B_RPC_PARAMETER: secretParameter('RpcUrls').name }
