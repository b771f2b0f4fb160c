import { randomUUID } from 'node:crypto'
import type { Aws } from '@w3bstream/store-aws'
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'

export interface SqsPumpOptions {
  readonly url: string
  /** Throwing leaves the whole batch in the queue, naming messages those. */
  readonly handler: (event: SQSEvent) => Promise<SQSBatchResponse | undefined>
  /** How long a batch is hidden while it is handled: then it comes again. Default 3 s. */
  readonly visibilityS?: number
  /** Changes batches on the way: duplicates, other orders. */
  readonly reshape?: (records: SQSRecord[]) => SQSRecord[]
}

/** A queue's event source. */
export interface SqsPump {
  /** What the handler threw, in order. */
  readonly errors: readonly unknown[]
  stop(): Promise<void>
}

/** Feeds a queue to a function as Lambda does: up to ten hints a call; what is done is deleted, what is not comes again. */
export function sqsPump(aws: Pick<Aws, 'sqs'>, options: SqsPumpOptions): SqsPump {
  const { url: QueueUrl, handler, visibilityS = 3, reshape = (records) => records } = options
  const stopping = new AbortController()
  const errors: unknown[] = []

  async function turn(): Promise<void> {
    const { Messages = [] } = await aws.sqs('ReceiveMessage', {
      QueueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: visibilityS,
      WaitTimeSeconds: 1,
      MessageSystemAttributeNames: ['All'],
    })
    if (Messages.length === 0) return
    const records = Messages.map((message) => ({
      messageId: message.MessageId ?? randomUUID(),
      receiptHandle: message.ReceiptHandle ?? '',
      body: message.Body ?? '',
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: '0',
        SenderId: '',
        ApproximateFirstReceiveTimestamp: '0',
        ...message.Attributes,
      },
      messageAttributes: {},
      md5OfBody: message.MD5OfBody ?? '',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:test',
      awsRegion: 'us-east-1',
    }))
    const answer = await handler({ Records: reshape(records) })
    const failed = new Set(answer?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier))
    const done = records.filter(({ messageId }) => !failed.has(messageId))
    if (done.length === 0) return
    await aws.sqs('DeleteMessageBatch', {
      QueueUrl,
      Entries: done.map(({ receiptHandle }, i) => ({ Id: String(i), ReceiptHandle: receiptHandle })),
    })
  }

  const running = (async () => {
    while (!stopping.signal.aborted)
      await turn().catch((error: unknown) => {
        errors.push(error)
      })
  })()
  return {
    errors,
    async stop() {
      stopping.abort()
      await running
    },
  }
}
