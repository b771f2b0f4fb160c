import { type Message, projectId, uuidv7, uuidv7Run } from '@w3bstream/protocol'
import { DynamoMessageLog, SegmentWriter } from '@w3bstream/store-aws'
import { testAws } from '@w3bstream/store-aws/testing'
import { describe, expect, it } from 'vitest'
import { readAgain } from './readAgain.ts'

const NOW = Date.now()
const clock = { now: () => NOW }
const log = { projectId: projectId(7n), version: '0.1' }

const message = (id: Message['id'], receivedAt = NOW): Message => ({
  id,
  ...log,
  auth: 'none',
  device: null,
  nonce: null,
  payload: '{"t":1}',
  payloadHash: `0x${'ab'.repeat(32)}` as Message['payloadHash'],
  signature: null,
  receivedAt,
})

describe('readAgain', () => {
  const aws = testAws()
  const open = async () => {
    const { tables, bucket } = await aws.make()
    const calls = aws.sdk
    const messages = new DynamoMessageLog(
      { aws: calls },
      { messagesTable: tables.messages, stateTable: tables.state, bucket },
    )
    const again = (since: number) =>
      readAgain(
        // A writer of its own each time, as each run of the tool has.
        { aws: calls, writer: new SegmentWriter({ aws: calls, clock }, { stateTable: tables.state }) },
        { table: tables.messages, since },
      )
    const inLog = async () => {
      const read = await messages.read(log, 0, { count: 10_000, bytes: 1e9 })
      return read.map((one) => one.message.id).sort()
    }
    return { messages, again, inLog }
  }

  it('puts messages and batches that no stream told of into their log, once', async () => {
    const { messages, again, inLog } = await open()
    const run = [...uuidv7Run(NOW).take(5)]
    const singles = [uuidv7(NOW), uuidv7(NOW)]
    await messages.append([
      ...singles.map((id) => ({ message: message(id), idempotency: null })),
      ...run.map((id) => ({ message: message(id), idempotency: null, batch: true as const })),
    ])
    expect(await inLog()).toEqual([])
    expect(await again(NOW - 60_000)).toMatchObject({ added: 7 })
    expect(await inLog()).toEqual([...singles, ...run].sort())
    expect(await again(NOW - 60_000)).toMatchObject({ added: 0 })
    expect(await inLog()).toHaveLength(7)
  })

  it('leaves out what was received before the time that it is told', async () => {
    const { messages, again, inLog } = await open()
    const [old, young] = [message(uuidv7(NOW - 3_600_000), NOW - 3_600_000), message(uuidv7(NOW))]
    await messages.append([old, young].map((one) => ({ message: one, idempotency: null })))
    expect(await again(NOW - 60_000)).toEqual({ looked: 1, added: 1 })
    expect(await inLog()).toEqual([young.id])
  })

  it('reads tables of many pages', async () => {
    const { messages, again, inLog } = await open()
    const ids = Array.from({ length: 1_100 }, () => uuidv7(NOW))
    for (let at = 0; at < ids.length; at += 100)
      await messages.append(ids.slice(at, at + 100).map((id) => ({ message: message(id), idempotency: null })))
    expect(await again(0)).toEqual({ looked: 1_100, added: 1_100 })
    expect(await inLog()).toHaveLength(1_100)
  })
})
