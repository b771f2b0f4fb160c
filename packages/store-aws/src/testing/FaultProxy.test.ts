import { describe, expect, it } from 'vitest'
import { testAws } from './index.ts'

describe('FaultProxy', () => {
  const aws = testAws()
  const make = async () => {
    aws.dynamo.proxy.clear()
    aws.fauxqs.proxy.clear()
    return aws.make()
  }
  const key = (i: number) => ({ pk: { S: `k${i}` }, sk: { S: '1' } })

  it('gives keys and items back unprocessed', async () => {
    const { tables } = await make()
    for (let i = 0; i < 4; i++) await aws.direct.dynamo('PutItem', { TableName: tables.state, Item: key(i) })
    aws.dynamo.proxy.inject({ operation: 'BatchGetItem', fault: { type: 'unprocessed', keep: 1 }, times: 1 })
    aws.dynamo.proxy.inject({ operation: 'BatchGetItem', fault: { type: 'unprocessed', keep: 0 }, times: 1 })
    const ask = () =>
      aws.sdk.dynamo('BatchGetItem', { RequestItems: { [tables.state]: { Keys: [0, 1, 2, 3].map(key) } } })
    const none = await ask()
    expect(none.Responses).toEqual({})
    expect(none.UnprocessedKeys?.[tables.state]?.Keys).toHaveLength(4)
    const one = await ask()
    expect(one.Responses?.[tables.state]).toEqual([key(0)])
    expect(one.UnprocessedKeys?.[tables.state]?.Keys).toEqual([1, 2, 3].map(key))
    expect((await ask()).Responses?.[tables.state]).toHaveLength(4)
  })

  it('fails those calls only that a rule names, so often as it says', async () => {
    const { tables } = await make()
    const faulty = aws.dynamo.proxy.inject({
      operation: 'GetItem',
      when: ({ input }) => JSON.stringify(input).includes('k1'),
      fault: { type: 'error', status: 400, code: 'ValidationException' },
      times: 1,
    })
    const get = (i: number) => aws.fetch.dynamo('GetItem', { TableName: tables.messages, Key: { pk: { S: `k${i}` } } })
    await get(0)
    await expect(get(1)).rejects.toMatchObject({ code: 'ValidationException' })
    await get(1)
    expect(faulty.hits()).toBe(1)
    expect(aws.dynamo.proxy.count('GetItem')).toBe(3)
  })

  it('breaks a connection after the write was done', async () => {
    const { tables } = await make()
    aws.dynamo.proxy.inject({ operation: 'PutItem', fault: { type: 'drop', when: 'after' } })
    const put = aws.sdk.dynamo('PutItem', { TableName: tables.state, Item: key(9) })
    await expect(put).rejects.toMatchObject({ code: 'Unreachable' })
    expect((await aws.direct.dynamo('GetItem', { TableName: tables.state, Key: key(9) })).Item).toBeDefined()
  })

  it('keeps what SQS and S3 have over a restart', async () => {
    const { queues, bucket } = await make()
    await aws.direct.sqs('SendMessage', { QueueUrl: queues.pack.url, MessageBody: 'a' })
    const body = new Uint8Array([1])
    const sha256 = 'S/Uh9J3o3jH+Xy1oPhWqj8TjR0aeFP5bTH1YxU5hSQ8='
    await expect(aws.direct.s3.put({ bucket, key: 'a', body, sha256 })).rejects.toMatchObject({ code: 'BadDigest' })
    await aws.fauxqs.emulator.restart()
    const { Messages } = await aws.sdk.sqs('ReceiveMessage', { QueueUrl: queues.pack.url })
    expect(Messages).toMatchObject([{ Body: 'a' }])
  })
})
