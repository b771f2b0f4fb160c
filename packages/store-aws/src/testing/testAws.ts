import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import type { Aws } from '../calls/Aws.ts'
import { type FetchAwsOptions, fetchAws } from '../calls/fetchAws.ts'
import { sdkAws } from '../calls/sdkAws.ts'
import { awsTestOptions } from './awsTestOptions.ts'
import { createBucket } from './createBucket.ts'
import { createQueues, type QueueUrls } from './createQueues.ts'
import { createTables, type TableNames } from './createTables.ts'
import type { Emulator } from './Emulator.ts'
import { EmulatorError } from './EmulatorError.ts'
import { FaultProxy } from './FaultProxy.ts'
import { startDynamo } from './startDynamo.ts'
import { startFauxqs } from './startFauxqs.ts'

const QUEUES = ['pack', 'prove', 'settle', 'gaps'] as const

/** What one deployment has, empty, under names of its own. */
export interface TestDeployment {
  readonly tables: TableNames
  readonly bucket: string
  readonly queues: Readonly<Record<(typeof QUEUES)[number], QueueUrls>>
  /** The variables by which deployed units find all of it, endpoints and credentials too. */
  readonly env: Readonly<Record<string, string>>
}

/** Emulators of AWS for one test file, and clients that reach them through a proxy each, which can be told to make calls fail. */
export interface TestAws {
  /** Emulator and proxy of DynamoDB with its streams. */
  readonly dynamo: { readonly emulator: Emulator; readonly proxy: FaultProxy }
  /** Emulator and proxy of SQS and S3. */
  readonly fauxqs: { readonly emulator: Emulator; readonly proxy: FaultProxy }
  /** Of clients that go through the proxies. */
  readonly options: FetchAwsOptions
  readonly sdk: Aws
  readonly fetch: Aws
  /** Goes around the proxies: for set-up, and for looking at what is stored. */
  readonly direct: Aws
  make(options?: { readonly maxReceiveCount?: number }): Promise<TestDeployment>
}

/**
 * Starts emulators before the tests of the file or block that calls it and stops them after; each test makes its own tables, queues and bucket
 * by `make`. Its members are there once tests run.
 * @param options.dbPath see `startDynamo`
 */
export function testAws(options: { readonly dbPath?: string } = {}): TestAws {
  let started: Started | undefined
  const there = (): Started => {
    if (started === undefined) throw new EmulatorError('emulators run while tests run')
    return started
  }
  beforeAll(async () => {
    started = await start(options)
  })
  afterAll(async () => {
    await started?.stop()
    started = undefined
  })
  return {
    get dynamo() {
      return there().dynamo
    },
    get fauxqs() {
      return there().fauxqs
    },
    get options() {
      return there().options
    },
    get sdk() {
      return there().sdk
    },
    get fetch() {
      return there().fetch
    },
    get direct() {
      return there().direct
    },
    make: (deployment) => make(there(), deployment),
  }
}

type Started = Omit<TestAws, 'make'> & { readonly directOptions: FetchAwsOptions; stop(): Promise<void> }

async function start(options: { readonly dbPath?: string }): Promise<Started> {
  const [dynamo, fauxqs] = await Promise.all([startDynamo(options), startFauxqs()])
  const [dynamoProxy, fauxqsProxy] = await Promise.all([FaultProxy.start(dynamo), FaultProxy.start(fauxqs)])
  const proxied = awsTestOptions({ dynamo: dynamoProxy.url, fauxqs: fauxqsProxy.url })
  const directOptions = awsTestOptions({ dynamo: dynamo.url, fauxqs: fauxqs.url })
  const sdk = sdkAws(proxied)
  return {
    dynamo: { emulator: dynamo, proxy: dynamoProxy },
    fauxqs: { emulator: fauxqs, proxy: fauxqsProxy },
    options: proxied,
    directOptions,
    sdk,
    fetch: fetchAws(proxied),
    direct: fetchAws(directOptions),
    async stop() {
      sdk.close()
      await Promise.all([dynamoProxy.stop(), fauxqsProxy.stop()])
      await Promise.all([dynamo.stop(), fauxqs.stop()])
    },
  }
}

async function make(
  { options, directOptions }: Started,
  { maxReceiveCount }: { readonly maxReceiveCount?: number } = {},
): Promise<TestDeployment> {
  const prefix = `test-${randomBytes(6).toString('hex')}`
  const names = { messages: `${prefix}-messages`, state: `${prefix}-state` }
  const [queues] = await Promise.all([
    createQueues(directOptions, prefix, QUEUES, maxReceiveCount),
    createTables(directOptions, names),
    createBucket(directOptions, prefix),
  ])
  const env: Record<string, string> = {
    AWS_REGION: options.region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_DYNAMODB: options.endpoints?.dynamodb ?? '',
    AWS_ENDPOINT_URL_DYNAMODB_STREAMS: options.endpoints?.streams ?? '',
    AWS_ENDPOINT_URL_S3: options.endpoints?.s3 ?? '',
    AWS_ENDPOINT_URL_SQS: options.endpoints?.sqs ?? '',
    W3B_TABLE_MESSAGES: names.messages,
    W3B_TABLE_STATE: names.state,
    W3B_BUCKET: prefix,
  }
  for (const name of QUEUES) {
    env[`W3B_QUEUE_${name.toUpperCase()}`] = queues[name].url
    env[`W3B_QUEUE_${name.toUpperCase()}_DLQ`] = queues[name].deadLettersUrl
  }
  return { tables: names, bucket: prefix, queues, env }
}
