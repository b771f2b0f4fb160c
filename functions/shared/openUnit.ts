import { type BlobStore, type ChainState, type Clock, type Queue, systemClock, type TaskStore } from '@w3bstream/core'
import {
  type Aws,
  type AwsOptions,
  DynamoChainState,
  DynamoMessageLog,
  DynamoTaskStore,
  openState,
  readAwsEnvironment,
  S3BlobStore,
  SqsQueue,
  type StateTable,
} from '@w3bstream/store-aws'
import { sdkAws } from '@w3bstream/store-aws/sdk'
import type { Environment, QueueUrls, Unit, Variables } from './readEnvironment.ts'
import { PowertoolsTelemetry } from './telemetry/PowertoolsTelemetry.ts'

type CommonEnvironment = Pick<
  Environment<'segments'>,
  'stage' | 'config' | 'messagesTable' | 'stateTable' | 'bucket' | 'logLevel'
>

/** What a deployed unit works with, whichever unit it is. */
export interface OpenUnit<E> {
  readonly env: E
  readonly options: AwsOptions
  readonly aws: Aws
  readonly clock: Clock
  readonly telemetry: PowertoolsTelemetry
  readonly table: StateTable
  readonly messages: DynamoMessageLog
  readonly tasks: TaskStore
  readonly chainState: ChainState
  readonly blobs: BlobStore
  readonly queue: (urls: QueueUrls) => Queue
  readonly close: () => void
}

/**
 * Opens the stores of a deployment for one of its units; keys and chains are apart, since not every unit may use them.
 * @param variables where AWS is, and who calls it: see `readAwsEnvironment`
 * @throws {InvalidConfigError} @throws {StoreFormatError} the tables are a newer release's @throws {StoreUnavailableError}
 */
export async function openUnit<E extends CommonEnvironment>(
  name: Unit,
  env: E,
  variables: Variables,
): Promise<OpenUnit<E>> {
  const { messagesTable, stateTable, bucket, logLevel } = env
  const options = readAwsEnvironment(textsOf(variables))
  const telemetry = new PowertoolsTelemetry({ service: `${env.stage}-${name}`, level: logLevel })
  const aws = sdkAws(options)
  try {
    const { table } = await openState({ aws }, { table: stateTable })
    const messages = new DynamoMessageLog({ aws }, { messagesTable, stateTable, bucket })
    const clock = systemClock
    return {
      env,
      options,
      aws,
      clock,
      telemetry,
      table,
      messages,
      tasks: new DynamoTaskStore({ table, log: messages, clock, telemetry }),
      chainState: new DynamoChainState({ table }),
      blobs: new S3BlobStore({ aws }, { bucket }),
      queue: ({ url, deadLetters }) => new SqsQueue({ aws }, { url, deadLettersUrl: deadLetters }),
      close: () => aws.close(),
    }
  } catch (error) {
    aws.close()
    throw error
  }
}

function textsOf(variables: Variables): Readonly<Record<string, string>> {
  const texts = Object.entries(variables).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return Object.fromEntries(texts)
}
