import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { type GivenUpBatch, type StreamPumpOptions, type StreamRecord, streamPump, testAws } from './index.ts'

describe('streamPump', () => {
  const dbPath = mkdtempSync(join(tmpdir(), 'w3b-dynamo-'))
  afterAll(() => rmSync(dbPath, { recursive: true, force: true }))
  const aws = testAws({ dbPath })

  const make = async (options: Omit<StreamPumpOptions, 'table'>) => {
    aws.dynamo.proxy.clear()
    const table = (await aws.make()).tables.messages
    const put = (i: number) =>
      aws.direct.dynamo('PutItem', {
        TableName: table,
        Item: { pk: { S: `m#${i}` }, v: { B: new Uint8Array([i, 255]) } },
      })
    const pump = streamPump(aws.sdk, { table, ...options })
    onTestFinished(() => pump.stop())
    return { pump, put, table }
  }
  const numbers = (records: readonly StreamRecord[]) =>
    records.map(({ dynamodb }) => Number(String((dynamodb.Keys.pk as { S: string }).S).slice(2)))

  it('hands over every change once, in order, in the shape of Lambda', async () => {
    const got: StreamRecord[] = []
    const { pump, put } = await make({
      batchSize: 7,
      handler: async ({ Records }) => {
        expect(Records.length).toBeLessThanOrEqual(7)
        got.push(...Records)
        return undefined
      },
    })
    for (let i = 0; i < 20; i++) await put(i)
    await pump.drained()
    expect(numbers(got)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(got[3]).toMatchObject({
      eventName: 'INSERT',
      eventSource: 'aws:dynamodb',
      dynamodb: { NewImage: { pk: { S: 'm#3' }, v: { B: 'A/8=' } } },
    })
    expect(pump.errors).toEqual([])
  })

  it('hands a batch over again that failed, from the record that failed', async () => {
    const got: number[][] = []
    const { pump, put } = await make({
      handler: async ({ Records }) => {
        got.push(numbers(Records))
        if (got.length === 1) throw new Error('not yet')
        const two = Records.find(({ dynamodb }) => (dynamodb.Keys.pk as { S: string }).S === 'm#2')
        if (got.length < 4 && two !== undefined)
          return { batchItemFailures: [{ itemIdentifier: two.dynamodb.SequenceNumber }] }
        return undefined
      },
    })
    await Promise.all([0, 1].map(put))
    await put(2)
    await put(3)
    await pump.drained()
    expect(pump.errors).toMatchObject([{ message: 'not yet' }])
    expect(got.at(-1)?.at(-1)).toBe(3)
    const done = new Set(got.flat())
    expect([...done].sort()).toEqual([0, 1, 2, 3])
    expect(got.filter((batch) => batch.includes(2)).length).toBeGreaterThan(1)
  })

  it('gives a batch up after its attempts, saying which', async () => {
    const given: GivenUpBatch[] = []
    const { pump, put } = await make({
      attempts: 2,
      handler: () => Promise.reject(new Error('never')),
      onGiveUp: async (batch) => {
        given.push(batch)
      },
    })
    await put(1)
    await pump.drained()
    expect(pump.errors).toHaveLength(2)
    expect(given).toHaveLength(1)
    const { DDBStreamBatchInfo: info } = given[0] ?? {}
    expect(info).toMatchObject({ batchSize: 1, shardId: expect.stringContaining('shard') })
    expect(info?.startSequenceNumber).toBe(info?.endSequenceNumber)
  })

  it('goes on where it was when the emulator restarts, which keeps what it has', async () => {
    const got: number[] = []
    const { pump, put, table } = await make({
      handler: async ({ Records }) => {
        got.push(...numbers(Records))
        return undefined
      },
    })
    await put(1)
    await pump.drained()
    await aws.dynamo.emulator.restart()
    await put(2)
    await expect.poll(() => got, { timeout: 20_000 }).toContain(2)
    expect(got.filter((i) => i === 2)).toEqual([2])
    const { Item } = await aws.direct.dynamo('GetItem', { TableName: table, Key: { pk: { S: 'm#1' } } })
    expect(Item).toBeDefined()
  })
})
