import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
} from '@aws-sdk/client-dynamodb-streams'
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import type { Aws, DynamoCalls, SqsCalls, StreamCalls } from './Aws.ts'
import { AwsError } from './AwsError.ts'
import type { AwsOptions, AwsService } from './AwsOptions.ts'
import { answerTimeoutMs } from './answerTimeoutMs.ts'
import { Retries } from './Retries.ts'
import { requestToken } from './requestToken.ts'
import { sdkClientConfig } from './sdkClientConfig.ts'
import { toAwsError } from './toAwsError.ts'

interface SendOptions {
  readonly abortSignal: AbortSignal
}
type Senders<Calls extends Record<keyof Calls, { input: unknown; output: unknown }>> = {
  readonly [N in keyof Calls]: (input: Calls[N]['input'], options: SendOptions) => Promise<Calls[N]['output']>
}

/** Calls through AWS's own SDK, for units that run for long. Call `close` to end its connections. */
export function sdkAws(options: AwsOptions): Aws & { close(): void } {
  const config = (service: AwsService) => sdkClientConfig(service, options)
  const dynamo = new DynamoDBClient(config('dynamodb'))
  const streams = new DynamoDBStreamsClient(config('streams'))
  const sqs = new SQSClient(config('sqs'))
  const s3 = new S3Client({
    ...config('s3'),
    forcePathStyle: options.endpoints?.s3 !== undefined,
    // Each put names its SHA-256 itself, and readers check the hash they asked for.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const retries = new Retries(options)
  const objectTimeoutMs = options.objectTimeoutMs ?? 20_000

  const dynamoCalls: Senders<DynamoCalls> = {
    BatchGetItem: (input, o) => dynamo.send(new BatchGetItemCommand(input), o),
    DeleteItem: (input, o) => dynamo.send(new DeleteItemCommand(input), o),
    GetItem: (input, o) => dynamo.send(new GetItemCommand(input), o),
    PutItem: (input, o) => dynamo.send(new PutItemCommand(input), o),
    Query: (input, o) => dynamo.send(new QueryCommand(input), o),
    Scan: (input, o) => dynamo.send(new ScanCommand(input), o),
    TransactWriteItems: (input, o) => dynamo.send(new TransactWriteItemsCommand(input), o),
    UpdateItem: (input, o) => dynamo.send(new UpdateItemCommand(input), o),
  }
  const streamCalls: Senders<StreamCalls> = {
    DescribeStream: (input, o) => streams.send(new DescribeStreamCommand(input), o),
    GetRecords: (input, o) => streams.send(new GetRecordsCommand(input), o),
    GetShardIterator: (input, o) => streams.send(new GetShardIteratorCommand(input), o),
    ListStreams: (input, o) => streams.send(new ListStreamsCommand(input), o),
  }
  const sqsCalls: Senders<SqsCalls> = {
    ChangeMessageVisibility: (input, o) => sqs.send(new ChangeMessageVisibilityCommand(input), o),
    DeleteMessage: (input, o) => sqs.send(new DeleteMessageCommand(input), o),
    DeleteMessageBatch: (input, o) => sqs.send(new DeleteMessageBatchCommand(input), o),
    GetQueueAttributes: (input, o) => sqs.send(new GetQueueAttributesCommand(input), o),
    ReceiveMessage: (input, o) => sqs.send(new ReceiveMessageCommand(input), o),
    SendMessage: (input, o) => sqs.send(new SendMessageCommand(input), o),
    SendMessageBatch: (input, o) => sqs.send(new SendMessageBatchCommand(input), o),
  }

  const run = <T>(work: (o: SendOptions) => Promise<T>, timeoutMs: number, signal: AbortSignal | undefined) =>
    retries.run(
      async (abortSignal) => {
        try {
          return await work({ abortSignal })
        } catch (error) {
          throw normalise(error)
        }
      },
      { timeoutMs, signal },
    )

  return {
    dynamo(operation, input, { signal } = {}) {
      const named = requestToken(operation, input)
      return run((o) => dynamoCalls[operation](named, o), answerTimeoutMs(options, input), signal)
    },
    streams: (operation, input, { signal } = {}) =>
      run((o) => streamCalls[operation](input, o), answerTimeoutMs(options, input), signal),
    sqs: (operation, input, { signal } = {}) =>
      run((o) => sqsCalls[operation](input, o), answerTimeoutMs(options, input), signal),
    s3: {
      async put({ bucket, key, body, sha256, ifAbsent = false }) {
        const command = {
          Bucket: bucket,
          Key: key,
          Body: body,
          ChecksumSHA256: sha256,
          ...(ifAbsent ? { IfNoneMatch: '*' } : {}),
        }
        await run((o) => s3.send(new PutObjectCommand(command), o), objectTimeoutMs, undefined)
      },
      async get({ bucket, key, range }) {
        const command = {
          Bucket: bucket,
          Key: key,
          ...(range === undefined ? {} : { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` }),
        }
        try {
          return await run(
            async (o) => {
              const { Body } = await s3.send(new GetObjectCommand(command), o)
              return (await Body?.transformToByteArray()) ?? new Uint8Array()
            },
            objectTimeoutMs,
            undefined,
          )
        } catch (error) {
          if (error instanceof AwsError && error.code === 'NoSuchKey') return null
          throw error
        }
      },
      async delete({ bucket, key }) {
        await run((o) => s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), o), objectTimeoutMs, undefined)
      },
    },
    close() {
      for (const client of [dynamo, streams, sqs, s3]) client.destroy()
    },
  }
}

/** The SDK's errors that carry items, and its others. */
function normalise(error: unknown): AwsError {
  if (error instanceof ConditionalCheckFailedException) return toAwsError(error, { item: error.Item ?? null })
  if (error instanceof TransactionCanceledException) {
    const reasons = (error.CancellationReasons ?? []).map(({ Code, Item }) => ({
      code: Code ?? 'None',
      item: Item ?? null,
    }))
    return toAwsError(error, { reasons })
  }
  return toAwsError(error)
}
