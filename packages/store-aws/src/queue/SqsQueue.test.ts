import { queueSuite } from '@w3bstream/core/ports/suites'
import { InvalidInputError, StoreUnavailableError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { fetchAws } from '../calls/fetchAws.ts'
import { testAws } from '../testing/index.ts'
import { SqsQueue } from './SqsQueue.ts'

const HOUR = 3_600_000

describe('SqsQueue', () => {
  const aws = testAws()
  const make = async (options: { readonly maxReceiveCount?: number; readonly client?: 'sdk' | 'fetch' } = {}) => {
    aws.fauxqs.proxy.clear()
    const { queues } = await aws.make(options)
    return new SqsQueue({ aws: aws[options.client ?? 'fetch'] }, queues.prove)
  }
  const take = (queue: SqsQueue, max = 10, waitMs = 5_000) => queue.receive({ max, visibilityMs: HOUR, waitMs })

  queueSuite(() => make({ client: 'sdk' }), { granularityMs: 1_000 })

  it('sends and acknowledges what is asked for in one turn in one call of ten', async () => {
    const queue = await make()
    await Promise.all(Array.from({ length: 23 }, (_, i) => queue.send(`hint ${i}`)))
    const { proxy } = aws.fauxqs
    expect(proxy.count('SendMessage')).toBe(0)
    expect(proxy.count('SendMessageBatch')).toBe(3)
    const deliveries = await take(queue)
    await Promise.all(deliveries.map(({ handle }) => queue.ack(handle)))
    expect(proxy.count('DeleteMessageBatch')).toBe(1)
    expect(await queue.depth()).toBe(23 - deliveries.length)
  })

  it('sends again what a batch refused for a passing reason, and nothing twice of the rest', async () => {
    const queue = await make()
    const partial = aws.fauxqs.proxy.inject({ operation: 'SendMessageBatch', fault: { type: 'partial' }, times: 2 })
    await Promise.all(Array.from({ length: 10 }, (_, i) => queue.send(`hint ${i}`)))
    expect(partial.hits()).toBe(2)
    expect(await queue.depth()).toBe(10)
    const deliveries = await take(queue)
    expect(new Set(deliveries.map(({ body }) => body)).size).toBe(10)
    aws.fauxqs.proxy.inject({ operation: 'DeleteMessageBatch', fault: { type: 'partial' }, times: 1 })
    await Promise.all(deliveries.map(({ handle }) => queue.ack(handle)))
    expect(await queue.depth()).toBe(0)
  })

  it('tells each sender of its own hint alone', async () => {
    const queue = await make()
    aws.fauxqs.proxy.inject({
      operation: 'SendMessageBatch',
      fault: { type: 'partial', senderFault: true },
    })
    const sent = await Promise.allSettled(['a', 'b', 'c'].map((body) => queue.send(body)))
    expect(sent.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    aws.fauxqs.proxy.clear()
    const refuse = (entry: Readonly<Record<string, unknown>>) => entry.MessageBody === 'b'
    aws.fauxqs.proxy.inject({ operation: 'SendMessageBatch', fault: { type: 'partial', refuse } })
    const failing = await Promise.allSettled(['a', 'b'].map((body) => queue.send(body)))
    expect(failing[0]).toMatchObject({ status: 'fulfilled' })
    expect(failing[1]).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailableError) })
  })

  it('keeps a batch below what SQS takes', async () => {
    const queue = await make()
    const large = 'x'.repeat(200_000)
    await Promise.all([queue.send(`${large}a`), queue.send(`${large}b`), queue.send('c')])
    expect(aws.fauxqs.proxy.count('SendMessageBatch')).toBe(2)
    expect(await queue.depth()).toBe(3)
  })

  it('refuses a hint that is no hint but a payload, and one that is nothing', async () => {
    const queue = await make()
    await expect(queue.send('x'.repeat(262_145))).rejects.toThrow(InvalidInputError)
    await expect(queue.send('')).rejects.toThrow(InvalidInputError)
  })

  it('waits through throttling and broken connections', async () => {
    const queue = await make()
    const { proxy } = aws.fauxqs
    const throttle = (operation: string) => proxy.inject({ operation, fault: { type: 'throttle' }, times: 2 })
    const sending = throttle('SendMessageBatch')
    await queue.send('a')
    expect(sending.hits()).toBe(2)
    proxy.inject({ operation: 'ReceiveMessage', fault: { type: 'drop', when: 'before' }, times: 1 })
    throttle('ReceiveMessage')
    const [delivery] = await take(queue)
    proxy.inject({ operation: 'ChangeMessageVisibility', fault: { type: 'error' }, times: 1 })
    await queue.extend(delivery?.handle ?? '', HOUR)
    // The deletion was done and its answer lost: asking again is no error.
    proxy.inject({ operation: 'DeleteMessageBatch', fault: { type: 'drop', when: 'after' }, times: 1 })
    await queue.ack(delivery?.handle ?? '')
    expect(await queue.depth()).toBe(0)
  })

  it('says that the store is unavailable when SQS is', async () => {
    const queue = await make()
    aws.fauxqs.proxy.inject({ fault: { type: 'error', status: 503, code: 'ServiceUnavailable' } })
    for (const call of [
      () => queue.send('a'),
      () => queue.receive({ max: 1, visibilityMs: HOUR, waitMs: 0 }),
      () => queue.ack('receipt body'),
      () => queue.extend('receipt body', 1),
      () => queue.bury('receipt body', 'x'),
      () => queue.deadLetters(1),
      () => queue.redrive('x'),
      () => queue.depth(),
    ])
      await expect(call()).rejects.toThrow(StoreUnavailableError)
  })

  it('waits no longer than it may, and loses nothing that was sent meanwhile', async () => {
    aws.fauxqs.proxy.clear()
    const { queues } = await aws.make()
    const queue = new SqsQueue({ aws: fetchAws({ ...aws.options, timeoutMs: 200, attempts: 2 }) }, queues.prove)
    const hung = aws.fauxqs.proxy.inject({ operation: 'SendMessageBatch', fault: { type: 'hang' } })
    await expect(queue.send('a')).rejects.toThrow(StoreUnavailableError)
    expect(hung.hits()).toBe(2)
    // Both attempts were done, and nobody was told: a hint may come twice.
    expect((await take(queue)).map(({ body }) => body)).toEqual(['a', 'a'])
  })

  it('delivers again what was in a poll that its receiver left', async () => {
    const queue = await make()
    const stop = new AbortController()
    aws.fauxqs.proxy.inject({ operation: 'ReceiveMessage', fault: { type: 'delay', ms: 200 }, times: 1 })
    await queue.send('a')
    const waiting = queue.receive({ max: 1, visibilityMs: HOUR, waitMs: HOUR, signal: stop.signal })
    stop.abort()
    expect(await waiting).toEqual([])
    expect(await take(queue)).toMatchObject([{ body: 'a' }])
  })

  it('gives a hint to one of many that ask at once', async () => {
    const queue = await make()
    await Promise.all(Array.from({ length: 30 }, (_, i) => queue.send(`${i}`)))
    const rounds = await Promise.all(Array.from({ length: 12 }, () => take(queue, 5, 1_000)))
    const bodies = rounds.flat().map(({ body }) => body)
    expect(new Set(bodies).size).toBe(bodies.length)
    expect(bodies).toHaveLength(30)
  })

  it('shows what SQS itself gave up, with a reason, and sends it again', async () => {
    const queue = await make({ maxReceiveCount: 1 })
    await queue.send('poison')
    const [delivery] = await take(queue)
    await queue.retry(delivery?.handle ?? '', 0)
    expect(await queue.receive({ max: 1, visibilityMs: HOUR, waitMs: 0 })).toEqual([])
    const letters = await queue.deadLetters(10)
    expect(letters).toMatchObject([{ body: 'poison', reason: expect.stringContaining('too often') }])
    expect(await queue.redrive(letters[0]?.id ?? '')).toBe(true)
    expect(await take(queue)).toMatchObject([{ body: 'poison', receiveCount: 1 }])
  })

  it('buries with any reason, and in a process that did not receive', async () => {
    const queue = await make()
    await queue.send('a')
    const [delivery] = await take(queue)
    const reason = `trap\u0000 \ud800 ${'x'.repeat(5_000)}`
    await queue.bury(delivery?.handle ?? '', reason)
    const [letter] = await queue.deadLetters(10)
    expect(letter?.reason).toMatch(/^trap\ufffd \ufffd x{100}/)
    expect(letter?.body).toBe('a')
  })

  it('looks through many dead letters for the one, and hides none of the others', async () => {
    const queue = await make()
    await Promise.all(Array.from({ length: 25 }, (_, i) => queue.send(`${i}`)))
    const bury = async () => {
      for (const { handle } of await take(queue)) await queue.bury(handle, 'x')
    }
    while ((await queue.depth()) > 0) await bury()
    const letters = await queue.deadLetters(100)
    expect(letters).toHaveLength(25)
    expect(await queue.deadLetters(3)).toHaveLength(3)
    const wanted = letters[13]
    expect(await queue.redrive(wanted?.id ?? '')).toBe(true)
    expect(await take(queue)).toMatchObject([{ body: wanted?.body }])
    expect(await queue.deadLetters(100)).toHaveLength(24)
  })

  it('makes a delivery of what Lambda hands over', async () => {
    const queue = await make()
    await queue.send('a b')
    const [delivery] = await take(queue)
    const receipt = delivery?.handle.split(' ')[0] ?? ''
    expect(SqsQueue.delivery({ receipt, body: 'a b', receiveCount: '1' })).toEqual(delivery)
  })
})
