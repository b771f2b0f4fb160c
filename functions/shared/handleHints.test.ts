import type { Handled, Telemetry } from '@w3bstream/core'
import { SqsQueue } from '@w3bstream/store-aws'
import { sdkAws } from '@w3bstream/store-aws/sdk'
import { awsTestOptions, createQueues, startFauxqs } from '@w3bstream/store-aws/testing'
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { handleHints, MAX_RECEIVES } from './handleHints.ts'

const telemetry: Telemetry = {
  count() {},
  observe() {},
  gauge() {},
  log() {},
  span: (_name, _of, run) => run(),
}
let stop: () => Promise<void>
let aws: ReturnType<typeof sdkAws>
let url: string
let queue: SqsQueue

beforeAll(async () => {
  const fauxqs = await startFauxqs()
  const options = awsTestOptions({ dynamo: fauxqs.url, fauxqs: fauxqs.url })
  aws = sdkAws(options)
  const { settle } = await createQueues(options, 'hints', ['settle'], 10)
  url = settle.url
  queue = new SqsQueue({ aws }, settle)
  stop = async () => {
    aws.close()
    await fauxqs.stop()
  }
})
afterAll(() => stop())

/** The event that Lambda makes of what is in the queue now. */
async function received(): Promise<SQSEvent> {
  const { Messages = [] } = await aws.sqs('ReceiveMessage', {
    QueueUrl: url,
    MaxNumberOfMessages: 10,
    VisibilityTimeout: 30,
    WaitTimeSeconds: 2,
    MessageSystemAttributeNames: ['All'],
  })
  const Records = Messages.map((message) => ({
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: {
      ApproximateReceiveCount: message.Attributes?.ApproximateReceiveCount ?? '',
      SentTimestamp: '',
      SenderId: '',
      ApproximateFirstReceiveTimestamp: '',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: '',
    awsRegion: '',
  }))
  return { Records }
}

/** As Lambda does with what is not named in the answer. */
async function deleteDone({ Records }: SQSEvent, { batchItemFailures }: SQSBatchResponse): Promise<string[]> {
  const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier))
  for (const { messageId, receiptHandle } of Records)
    if (!failed.has(messageId)) await aws.sqs('DeleteMessage', { QueueUrl: url, ReceiptHandle: receiptHandle })
  return Records.filter(({ messageId }) => failed.has(messageId)).map(({ body }) => body)
}

const outcomes: Readonly<Record<string, Handled>> = {
  again: { type: 'retry', afterMs: 0 },
  poisoned: { type: 'failed', reason: 'it reverts' },
}

it('lets go what is done, buries what failed with its reason, and brings back what is to be tried again', async () => {
  for (const body of ['done', 'again', 'poisoned']) await queue.send(body)
  const event = await received()
  const answer = await handleHints(event, {
    queue,
    telemetry,
    handle: async (bodies) => new Map(bodies.flatMap((body) => (outcomes[body] ? [[body, outcomes[body]]] : []))),
  })
  expect(await deleteDone(event, answer)).toEqual(['again'])
  expect(await queue.deadLetters(10)).toMatchObject([{ body: 'poisoned', reason: 'it reverts' }])
  expect(await queue.depth()).toBe(1)
})

it('drops a hint that came back often, before SQS takes it for poisoned: the sweep sends it again', async () => {
  for (let i = 2; i <= MAX_RECEIVES; i++) {
    const event = await received()
    expect(event.Records).toMatchObject([{ body: 'again', attributes: { ApproximateReceiveCount: String(i) } }])
    const handle = async () => new Map([['again', { type: 'retry', afterMs: 0 } as const]])
    const kept = await deleteDone(event, await handleHints(event, { queue, telemetry, handle }))
    expect(kept).toEqual(i < MAX_RECEIVES ? ['again'] : [])
  }
  expect(await queue.depth()).toBe(0)
})

it('keeps all hints of a call that breaks off', async () => {
  for (const body of ['a', 'b']) await queue.send(body)
  const event = await received()
  const answer = await handleHints(event, { queue, telemetry, handle: () => Promise.reject(new Error('it is away')) })
  expect((await deleteDone(event, answer)).toSorted()).toEqual(['a', 'b'])
})
