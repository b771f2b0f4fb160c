import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { itemBytes, Recorder } from './Recorder.ts'
import { testAws } from './testAws.ts'

const aws = testAws()

describe('Recorder', () => {
  it('counts calls, units and bytes by table, queue and bucket, and starts over when it is asked', async () => {
    const { tables, bucket, queues } = await aws.make()
    const recorder = new Recorder(aws.direct)
    const TableName = tables.messages
    const Item = { pk: { S: 'a' }, p: { S: 'x'.repeat(1_500) } }
    const put = () =>
      recorder.aws.dynamo('PutItem', { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' })
    await put()
    await expect(put()).rejects.toMatchObject({ code: 'ConditionalCheckFailedException' })
    await recorder.aws.dynamo('GetItem', { TableName, Key: { pk: { S: 'a' } }, ConsistentRead: true })
    await recorder.aws.dynamo('BatchGetItem', { RequestItems: { [TableName]: { Keys: [{ pk: { S: 'a' } }] } } })
    await recorder.aws.dynamo('TransactWriteItems', {
      TransactItems: ['b', 'c'].map((pk) => ({ Put: { TableName, Item: { pk: { S: pk } } } })),
    })
    const body = new Uint8Array(5_000)
    const sha256 = createHash('sha256').update(body).digest('base64')
    await recorder.aws.s3.put({ bucket, key: 'blobs/ab', body, sha256 })
    await recorder.aws.s3.get({ bucket, key: 'blobs/ab' })
    await recorder.aws.s3.get({ bucket, key: 'blobs/none' })
    const QueueUrl = queues.pack.url
    await recorder.aws.sqs('SendMessage', { QueueUrl, MessageBody: 'y'.repeat(130_000) })

    const nothing = { failed: 0, readUnits: 0, writeUnits: 0, bytesIn: 0, bytesOut: 0, sqsRequests: 0 }
    const bytes = itemBytes(Item)
    const queue = QueueUrl.split('/').at(-1)
    expect(bytes).toBe(1_504)
    expect(recorder.take()).toEqual([
      {
        ...nothing,
        service: 'dynamodb',
        operation: 'PutItem',
        target: TableName,
        calls: 2,
        failed: 1,
        writeUnits: 4,
        bytesIn: bytes,
      },
      { ...nothing, service: 'dynamodb', operation: 'GetItem', target: TableName, calls: 1, readUnits: 1 },
      { ...nothing, service: 'dynamodb', operation: 'BatchGetItem', target: TableName, calls: 1, readUnits: 0.5 },
      {
        ...nothing,
        service: 'dynamodb',
        operation: 'TransactWriteItems',
        target: TableName,
        calls: 1,
        writeUnits: 4,
        bytesIn: 6,
      },
      { ...nothing, service: 's3', operation: 'put', target: `${bucket}/blobs`, calls: 1, bytesIn: 5_000 },
      { ...nothing, service: 's3', operation: 'get', target: `${bucket}/blobs`, calls: 2, bytesOut: 5_000 },
      {
        ...nothing,
        service: 'sqs',
        operation: 'SendMessage',
        target: queue,
        calls: 1,
        bytesIn: 130_000,
        sqsRequests: 2,
      },
    ])
    expect(recorder.take()).toEqual([])
  })

  it('counts nothing for what never reached AWS', async () => {
    const { tables } = await aws.make()
    const recorder = new Recorder(aws.direct)
    const call = recorder.aws.dynamo(
      'PutItem',
      { TableName: tables.messages, Item: { pk: { S: 'a' } } },
      { signal: AbortSignal.abort() },
    )
    await expect(call).rejects.toThrow()
    expect(recorder.take()).toMatchObject([{ calls: 1, failed: 1, writeUnits: 0 }])
  })
})
