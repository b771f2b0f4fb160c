import type {
  BatchGetItemCommandInput,
  BatchGetItemCommandOutput,
  DeleteItemCommandInput,
  DeleteItemCommandOutput,
  GetItemCommandInput,
  GetItemCommandOutput,
  PutItemCommandInput,
  PutItemCommandOutput,
  QueryCommandInput,
  QueryCommandOutput,
  ScanCommandInput,
  ScanCommandOutput,
  TransactWriteItemsCommandInput,
  TransactWriteItemsCommandOutput,
  UpdateItemCommandInput,
  UpdateItemCommandOutput,
} from '@aws-sdk/client-dynamodb'
import type {
  DescribeStreamCommandInput,
  DescribeStreamCommandOutput,
  GetRecordsCommandInput,
  GetRecordsCommandOutput,
  GetShardIteratorCommandInput,
  GetShardIteratorCommandOutput,
  ListStreamsCommandInput,
  ListStreamsCommandOutput,
} from '@aws-sdk/client-dynamodb-streams'
import type {
  ChangeMessageVisibilityCommandInput,
  ChangeMessageVisibilityCommandOutput,
  DeleteMessageBatchCommandInput,
  DeleteMessageBatchCommandOutput,
  DeleteMessageCommandInput,
  DeleteMessageCommandOutput,
  GetQueueAttributesCommandInput,
  GetQueueAttributesCommandOutput,
  ReceiveMessageCommandInput,
  ReceiveMessageCommandOutput,
  SendMessageBatchCommandInput,
  SendMessageBatchCommandOutput,
  SendMessageCommandInput,
  SendMessageCommandOutput,
} from '@aws-sdk/client-sqs'

/** The DynamoDB operations that the adapters use, as the API names them. Binary values are `Uint8Array`. */
export interface DynamoCalls {
  BatchGetItem: { input: BatchGetItemCommandInput; output: Omit<BatchGetItemCommandOutput, '$metadata'> }
  DeleteItem: { input: DeleteItemCommandInput; output: Omit<DeleteItemCommandOutput, '$metadata'> }
  GetItem: { input: GetItemCommandInput; output: Omit<GetItemCommandOutput, '$metadata'> }
  PutItem: { input: PutItemCommandInput; output: Omit<PutItemCommandOutput, '$metadata'> }
  Query: { input: QueryCommandInput; output: Omit<QueryCommandOutput, '$metadata'> }
  /** For an operator's tools alone: it reads, and pays for, a whole table. */
  Scan: { input: ScanCommandInput; output: Omit<ScanCommandOutput, '$metadata'> }
  TransactWriteItems: {
    input: TransactWriteItemsCommandInput
    output: Omit<TransactWriteItemsCommandOutput, '$metadata'>
  }
  UpdateItem: { input: UpdateItemCommandInput; output: Omit<UpdateItemCommandOutput, '$metadata'> }
}

/** The SQS operations that the adapters use, as the API names them. */
export interface SqsCalls {
  ChangeMessageVisibility: {
    input: ChangeMessageVisibilityCommandInput
    output: Omit<ChangeMessageVisibilityCommandOutput, '$metadata'>
  }
  DeleteMessage: { input: DeleteMessageCommandInput; output: Omit<DeleteMessageCommandOutput, '$metadata'> }
  DeleteMessageBatch: {
    input: DeleteMessageBatchCommandInput
    output: Omit<DeleteMessageBatchCommandOutput, '$metadata'>
  }
  GetQueueAttributes: {
    input: GetQueueAttributesCommandInput
    output: Omit<GetQueueAttributesCommandOutput, '$metadata'>
  }
  ReceiveMessage: { input: ReceiveMessageCommandInput; output: Omit<ReceiveMessageCommandOutput, '$metadata'> }
  SendMessage: { input: SendMessageCommandInput; output: Omit<SendMessageCommandOutput, '$metadata'> }
  SendMessageBatch: { input: SendMessageBatchCommandInput; output: Omit<SendMessageBatchCommandOutput, '$metadata'> }
}

/** The operations on a table's stream, as the API names them. */
export interface StreamCalls {
  DescribeStream: { input: DescribeStreamCommandInput; output: Omit<DescribeStreamCommandOutput, '$metadata'> }
  GetRecords: { input: GetRecordsCommandInput; output: Omit<GetRecordsCommandOutput, '$metadata'> }
  GetShardIterator: { input: GetShardIteratorCommandInput; output: Omit<GetShardIteratorCommandOutput, '$metadata'> }
  ListStreams: { input: ListStreamsCommandInput; output: Omit<ListStreamsCommandOutput, '$metadata'> }
}

/** S3 objects, as far as the adapters use them. */
export interface S3Calls {
  /** `ifAbsent`: refused with `PreconditionFailed` where the key is there. `sha256` (base64) is checked by S3. */
  put(p: {
    readonly bucket: string
    readonly key: string
    readonly body: Uint8Array
    readonly sha256: string
    readonly ifAbsent?: boolean
  }): Promise<void>
  /**
   * @param p.range only these bytes, at least one, as far as the object has them; `InvalidRange` where it has none of them
   * @returns null where there is no such key
   */
  get(p: {
    readonly bucket: string
    readonly key: string
    readonly range?: { readonly offset: number; readonly length: number }
  }): Promise<Uint8Array | null>
  delete(p: { readonly bucket: string; readonly key: string }): Promise<void>
}

export interface CallOptions {
  readonly signal?: AbortSignal
}

/**
 * Calls to AWS: everything the adapters ask of it goes through here, so that one adapter runs over the SDK or over signed fetches, and calls can be
 * counted. Retries of throttling, timeouts and server errors are the implementation's, with a bound.
 * Each throws {@link AwsError}.
 */
export interface Aws {
  dynamo<N extends keyof DynamoCalls>(
    operation: N,
    input: DynamoCalls[N]['input'],
    options?: CallOptions,
  ): Promise<DynamoCalls[N]['output']>
  sqs<N extends keyof SqsCalls>(
    operation: N,
    input: SqsCalls[N]['input'],
    options?: CallOptions,
  ): Promise<SqsCalls[N]['output']>
  streams<N extends keyof StreamCalls>(
    operation: N,
    input: StreamCalls[N]['input'],
    options?: CallOptions,
  ): Promise<StreamCalls[N]['output']>
  readonly s3: S3Calls
}
