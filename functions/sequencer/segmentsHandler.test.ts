import { type Hash, type Message, projectId, uuidv7 } from '@w3bstream/protocol'
import { DynamoMessageLog, SqsQueue } from '@w3bstream/store-aws'
import { type StreamRecord, streamPump, testAws } from '@w3bstream/store-aws/testing'
import { expect, it, onTestFinished } from 'vitest'
import { parsePackHint } from '../shared/packHint.ts'
import { segmentsHandler } from './segmentsHandler.ts'

const aws = testAws()
const LOG = { projectId: projectId(7n), version: '0.1' }

const message = (payload: string): Message => ({
  ...LOG,
  id: uuidv7(Date.now()),
  auth: 'none',
  device: null,
  nonce: null,
  payload,
  payloadHash: `0x${'11'.repeat(32)}` as Hash,
  signature: null,
  receivedAt: Date.now(),
})

/** A deployment with messages that no handler has seen, and their stream's records. */
async function appended(count: number) {
  const { tables, bucket, queues, env } = await aws.make()
  const messages = new DynamoMessageLog(
    { aws: aws.direct },
    { messagesTable: tables.messages, stateTable: tables.state, bucket },
  )
  const entries = Array.from({ length: count }, (_, i) => ({ message: message(`{"t":${i}}`), idempotency: null }))
  for (const entry of entries) await messages.append([entry])
  const records: StreamRecord[] = []
  const pump = streamPump(aws.direct, {
    table: tables.messages,
    handler: async ({ Records }) => {
      records.push(...Records)
      return undefined
    },
  })
  await pump.drained()
  await pump.stop()
  const config = { chains: [{ chainId: '31337' }] }
  const handler = segmentsHandler({
    ...env,
    W3B_STAGE: 'test',
    W3B_CONFIG: JSON.stringify(config),
    W3B_LOG_LEVEL: 'error',
  })
  const handle = (some: readonly StreamRecord[]) => handler({ Records: [...some] as never })
  return { messages, records, handle, pack: new SqsQueue({ aws: aws.direct }, queues.pack) }
}

it('orders what is new once, and signals the log until somebody has said when it is full', async () => {
  const { messages, records, handle, pack } = await appended(3)
  for (let i = 0; i < 2; i++) expect(await handle(records)).toEqual({ batchItemFailures: [] })
  expect(await messages.waiting(100)).toMatchObject([{ log: LOG, count: 3 }])
  const hints = await pack.receive({ max: 10, visibilityMs: 1_000, waitMs: 1_000 })
  expect(hints.map(({ body }) => parsePackHint(body))).toEqual([LOG, LOG])
  await messages.setFull(LOG, { count: 100, bytes: 1e6 })
  for (const hint of hints) await pack.ack(hint.handle)
  await handle(records)
  expect(await pack.depth()).toBe(0)
})

it('names a record that it cannot read, and orders all others', async () => {
  const { messages, records, handle } = await appended(4)
  const [first, second, third, fourth] = records
  if (first === undefined || second === undefined || third === undefined || fourth === undefined)
    throw new Error('records are missing')
  const unreadable = { ...third, dynamodb: { ...third.dynamodb, NewImage: { pk: { S: 'm#nonsense' }, l: { N: '5' } } } }
  const answer = await handle([first, second, unreadable, fourth])
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: third.dynamodb.SequenceNumber }] })
  expect(await messages.waiting(100)).toMatchObject([{ count: 3 }])
  // What Lambda hands over again from there.
  expect(await handle([third, fourth])).toEqual({ batchItemFailures: [] })
  expect(await messages.waiting(100)).toMatchObject([{ count: 4 }])
})

it('orders messages though the queue is away, and has them come again while the store is', async () => {
  const { messages, records, handle } = await appended(2)
  const { proxy: sqs } = aws.fauxqs
  const { proxy: dynamo } = aws.dynamo
  onTestFinished(() => {
    sqs.clear()
    dynamo.clear()
  })
  const [first, second] = [records.slice(0, 1), records.slice(1)]
  sqs.inject({ fault: { type: 'error' } })
  expect(await handle(first)).toEqual({ batchItemFailures: [] })
  expect(await messages.waiting(100)).toMatchObject([{ count: 1 }])
  dynamo.inject({ fault: { type: 'error' } })
  await expect(handle(second)).rejects.toThrow(/store is unavailable/)
  dynamo.clear()
  expect(await handle(second)).toEqual({ batchItemFailures: [] })
  expect(await messages.waiting(100)).toMatchObject([{ count: 2 }])
})
