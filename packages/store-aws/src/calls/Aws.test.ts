import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { testAws } from '../testing/index.ts'
import { AwsError } from './AwsError.ts'
import { fetchAws } from './fetchAws.ts'
import { sdkAws } from './sdkAws.ts'

const failure = async (work: Promise<unknown>): Promise<AwsError> => {
  try {
    await work
  } catch (error) {
    if (error instanceof AwsError) return error
    throw error
  }
  throw new Error('the call succeeded')
}
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64')

describe('Aws', () => {
  const aws = testAws()

  for (const name of ['sdk', 'fetch'] as const)
    describe(`through ${name}`, () => {
      const client = () => aws[name]
      const make = async () => {
        aws.dynamo.proxy.clear()
        aws.fauxqs.proxy.clear()
        const { tables, ...rest } = await aws.make()
        return { ...rest, table: tables.state }
      }
      const item = (pk: string) => ({ pk: { S: pk }, sk: { S: '1' } })

      it('stores and reads every type of value', async () => {
        const { table } = await make()
        const bytes = new Uint8Array(randomBytes(300))
        const Item = {
          ...item('a'),
          B: { B: bytes },
          n: { N: '123456789012345678901234567890' },
          set: { BS: [new Uint8Array([1]), new Uint8Array([2])] },
          map: { M: { B: { B: new Uint8Array([0, 255]) }, list: { L: [{ BOOL: true }, { NULL: true as const }] } } },
          text: { S: 'ü "quoted" \u0001' },
        }
        await client().dynamo('PutItem', { TableName: table, Item })
        const { Item: read } = await client().dynamo('GetItem', {
          TableName: table,
          Key: item('a'),
          ConsistentRead: true,
        })
        expect(read).toEqual(Item)
        const { Items, Count } = await client().dynamo('Query', {
          TableName: table,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: 'a' } },
        })
        expect(Items).toEqual([Item])
        expect(Count).toBe(1)
        const { Responses } = await client().dynamo('BatchGetItem', {
          RequestItems: { [table]: { Keys: [item('a'), item('b')] } },
        })
        expect(Responses).toEqual({ [table]: [Item] })
      })

      it('says what stood in the way of a condition', async () => {
        const { table } = await make()
        const Item = { ...item('a'), v: { B: new Uint8Array([7]) } }
        const put = {
          TableName: table,
          Item,
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
        }
        await client().dynamo('PutItem', put)
        const error = await failure(client().dynamo('PutItem', put))
        expect(error).toMatchObject({
          code: 'ConditionalCheckFailedException',
          status: 400,
          retryable: false,
          item: Item,
        })
        const cancelled = await failure(
          client().dynamo('TransactWriteItems', {
            TransactItems: [{ Put: { TableName: table, Item: item('b') } }, { Put: put }],
          }),
        )
        expect(cancelled).toMatchObject({
          code: 'TransactionCanceledException',
          retryable: false,
          reasons: [
            { code: 'None', item: null },
            { code: 'ConditionalCheckFailed', item: Item },
          ],
        })
      })

      it('tells a wrong call from trouble', async () => {
        await make()
        const error = await failure(client().dynamo('GetItem', { TableName: 'no-such-table', Key: item('a') }))
        expect(error).toMatchObject({ code: 'ResourceNotFoundException', status: 400, retryable: false })
        expect(aws.dynamo.proxy.count('GetItem')).toBe(1)
      })

      it('tries again what was throttled, failed or broke off, and no more often than it may', async () => {
        const { table } = await make()
        const put = (pk: string) => client().dynamo('PutItem', { TableName: table, Item: item(pk) })
        const { proxy } = aws.dynamo
        for (const fault of [
          { type: 'throttle' },
          { type: 'error' },
          { type: 'error', status: 503, code: 'ServiceUnavailable' },
          { type: 'drop', when: 'before' },
          { type: 'drop', when: 'after' },
        ] as const) {
          proxy.clear()
          proxy.inject({ operation: 'PutItem', fault, times: 2 })
          await put(JSON.stringify(fault))
          expect(proxy.count('PutItem'), JSON.stringify(fault)).toBe(3)
        }
        proxy.clear()
        const always = proxy.inject({ operation: 'PutItem', fault: { type: 'throttle' } })
        const error = await failure(put('x'))
        expect(error).toMatchObject({ code: 'ProvisionedThroughputExceededException', retryable: true })
        expect(always.hits()).toBe(5)
      })

      it('does a transaction once, though its answer was lost', async () => {
        const { table } = await make()
        aws.dynamo.proxy.inject({ operation: 'TransactWriteItems', fault: { type: 'drop', when: 'after' }, times: 1 })
        await client().dynamo('TransactWriteItems', {
          TransactItems: [
            { Put: { TableName: table, Item: item('a'), ConditionExpression: 'attribute_not_exists(pk)' } },
          ],
        })
        expect(aws.dynamo.proxy.count('TransactWriteItems')).toBe(2)
      })

      it('lets a caller go that gives up, and does not call for one that has', async () => {
        const { table } = await make()
        const hung = aws.dynamo.proxy.inject({ operation: 'GetItem', fault: { type: 'hang' } })
        const stop = new AbortController()
        const { signal } = stop
        const call = failure(client().dynamo('GetItem', { TableName: table, Key: item('a') }, { signal }))
        await expect.poll(() => hung.hits()).toBe(1)
        stop.abort()
        expect(await call).toMatchObject({ code: 'Aborted', retryable: false })
        expect(
          await failure(client().dynamo('GetItem', { TableName: table, Key: item('a') }, { signal })),
        ).toMatchObject({ code: 'Aborted' })
        expect(hung.hits()).toBe(1)
      })

      it('waits no longer than it may for an answer', async () => {
        const { table } = await make()
        const options = { ...aws.options, timeoutMs: 100, attempts: 2 }
        const quick = name === 'sdk' ? sdkAws(options) : fetchAws(options)
        const hung = aws.dynamo.proxy.inject({ operation: 'GetItem', fault: { type: 'hang' } })
        const error = await failure(quick.dynamo('GetItem', { TableName: table, Key: item('a') }))
        expect(error).toMatchObject({ code: 'Timeout', status: 0, retryable: true })
        expect(hung.hits()).toBe(2)
      })

      it('says that nobody is there', async () => {
        const options = { ...aws.options, attempts: 2, endpoints: { dynamodb: 'http://127.0.0.1:9' } }
        const lost = name === 'sdk' ? sdkAws(options) : fetchAws(options)
        expect(await failure(lost.dynamo('GetItem', { TableName: 'x', Key: item('a') }))).toMatchObject({
          code: 'Unreachable',
          status: 0,
          retryable: true,
        })
      })

      it('sends, receives and deletes hints', async () => {
        const { queues } = await make()
        const QueueUrl = queues.pack.url
        const sent = await client().sqs('SendMessageBatch', {
          QueueUrl,
          Entries: [
            { Id: '0', MessageBody: 'a', MessageAttributes: { why: { DataType: 'String', StringValue: 'because' } } },
            { Id: '1', MessageBody: 'b' },
          ],
        })
        expect(sent.Successful?.map(({ Id }) => Id)).toEqual(['0', '1'])
        const { Messages = [] } = await client().sqs('ReceiveMessage', {
          QueueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 5,
          MessageSystemAttributeNames: ['ApproximateReceiveCount'],
          MessageAttributeNames: ['All'],
        })
        expect(Messages).toHaveLength(2)
        expect(Messages[0]).toMatchObject({ Body: 'a', Attributes: { ApproximateReceiveCount: '1' } })
        expect(Messages[0]?.MessageAttributes?.why?.StringValue).toBe('because')
        for (const { ReceiptHandle } of Messages) await client().sqs('DeleteMessage', { QueueUrl, ReceiptHandle })
        const { Attributes } = await client().sqs('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] })
        expect(Attributes?.ApproximateNumberOfMessagesNotVisible).toBe('0')
        const error = await failure(client().sqs('SendMessage', { QueueUrl: `${QueueUrl}-none`, MessageBody: 'x' }))
        expect(error.code).toMatch(/QueueDoesNotExist|NonExistentQueue/)
        expect(error.retryable).toBe(false)
      })

      it('waits for a long poll longer than for another answer', async () => {
        const { queues } = await make()
        const options = { ...aws.options, timeoutMs: 300, attempts: 1 }
        const quick = name === 'sdk' ? sdkAws(options) : fetchAws(options)
        const { Messages = [] } = await quick.sqs('ReceiveMessage', { QueueUrl: queues.pack.url, WaitTimeSeconds: 1 })
        expect(Messages).toEqual([])
      })

      it('stores objects, once where it is told to, and finds none where none is', async () => {
        const { bucket } = await make()
        const { s3 } = client()
        const body = new Uint8Array(randomBytes(1_000_000))
        const object = { bucket, key: 'blobs/ab c', body, sha256: sha256(body) }
        expect(await s3.get(object)).toBeNull()
        await s3.put({ ...object, ifAbsent: true })
        expect(Buffer.compare((await s3.get(object)) ?? new Uint8Array(), body)).toBe(0)
        expect(await failure(s3.put({ ...object, ifAbsent: true }))).toMatchObject({
          code: 'PreconditionFailed',
          status: 412,
          retryable: false,
        })
        await s3.put(object)
        await s3.delete(object)
        await s3.delete(object)
        expect(await s3.get(object)).toBeNull()
        const empty = new Uint8Array()
        await s3.put({ bucket, key: 'empty', body: empty, sha256: sha256(empty) })
        expect(await s3.get({ bucket, key: 'empty' })).toEqual(empty)
      })

      it('has S3 refuse bytes that were changed on their way', async () => {
        const { bucket } = await make()
        const body = new Uint8Array([1, 2, 3])
        const error = await failure(client().s3.put({ bucket, key: 'x', body, sha256: sha256(new Uint8Array([1])) }))
        expect(error.status).toBe(400)
        expect(await client().s3.get({ bucket, key: 'x' })).toBeNull()
      })

      it('tries S3 again when it asks to slow down', async () => {
        const { bucket } = await make()
        const slow = aws.fauxqs.proxy.inject({ fault: { type: 'throttle' }, times: 2, operation: 'PutObject' })
        const body = new Uint8Array([1, 2, 3])
        await client().s3.put({ bucket, key: 'x', body, sha256: sha256(body) })
        expect(slow.hits()).toBe(2)
        aws.fauxqs.proxy.inject({ fault: { type: 'drop', when: 'after' }, times: 1, operation: 'GetObject' })
        expect(await client().s3.get({ bucket, key: 'x' })).toEqual(body)
      })

      it('reads a stream', async () => {
        const { env } = await make()
        const TableName = env.W3B_TABLE_MESSAGES
        await client().dynamo('PutItem', { TableName, Item: { pk: { S: 'a' }, v: { B: new Uint8Array([1, 2]) } } })
        const { Streams = [] } = await client().streams('ListStreams', { TableName })
        const StreamArn = Streams[0]?.StreamArn
        const { StreamDescription } = await client().streams('DescribeStream', { StreamArn })
        const ShardId = StreamDescription?.Shards?.[0]?.ShardId
        const { ShardIterator } = await client().streams('GetShardIterator', {
          StreamArn,
          ShardId,
          ShardIteratorType: 'TRIM_HORIZON',
        })
        const { Records = [] } = await client().streams('GetRecords', { ShardIterator })
        expect(Records.map(({ dynamodb }) => dynamodb?.NewImage)).toEqual([
          { pk: { S: 'a' }, v: { B: new Uint8Array([1, 2]) } },
        ])
        expect(Records[0]?.dynamodb?.ApproximateCreationDateTime).toBeInstanceOf(Date)
      })
    })
})
