import { describe, expect, it, vi } from 'vitest'
import type { Delivery, Queue } from './Queue.ts'

const HOUR = 3_600_000
/** Long enough for any store, and only waited for where a test fails. */
const PATIENCE = 10_000
/** A visibility that runs out within a test, where the queue's clock is fine enough. */
const SHORT_MS = 150

/**
 * What every Queue does.
 * @param make an empty queue
 * @param options.granularityMs to what the queue rounds times up, 0 where it does not
 */
export const queueSuite = (make: () => Promise<Queue>, options: { readonly granularityMs?: number } = {}): void => {
  const SHORT = Math.max(SHORT_MS, options.granularityMs ?? 0)
  const take = async (queue: Queue, p: { readonly max?: number; readonly visibilityMs?: number } = {}) =>
    queue.receive({ max: p.max ?? 10, visibilityMs: p.visibilityMs ?? HOUR, waitMs: PATIENCE })
  const takeOne = async (queue: Queue, visibilityMs = HOUR): Promise<Delivery> => {
    const [delivery] = await take(queue, { max: 1, visibilityMs })
    if (delivery === undefined) throw new Error('nothing was delivered')
    return delivery
  }
  const takeNow = (queue: Queue) => queue.receive({ max: 10, visibilityMs: HOUR, waitMs: 0 })
  const emptied = (queue: Queue) => vi.waitFor(async () => expect(await queue.depth()).toBe(0), PATIENCE)

  it('delivers what was sent, once while it is hidden, and never after it was acknowledged', async () => {
    const queue = await make()
    await queue.send('a')
    const delivery = await takeOne(queue)
    expect(delivery).toMatchObject({ body: 'a', receiveCount: 1 })
    expect(await takeNow(queue)).toEqual([])
    await queue.ack(delivery.handle)
    await emptied(queue)
    expect(await takeNow(queue)).toEqual([])
  })

  it('answers at once with nothing when it is empty and nobody wants to wait', async () => {
    expect(await takeNow(await make())).toEqual([])
  })

  it('delivers each of many hints to one of many receivers', async () => {
    const queue = await make()
    const bodies = Array.from({ length: 60 }, (_, i) => `hint ${i}`)
    const got: string[] = []
    const receive = async (): Promise<void> => {
      while (got.length < bodies.length) {
        const deliveries = await queue.receive({ max: 7, visibilityMs: HOUR, waitMs: 100 })
        got.push(...deliveries.map(({ body }) => body))
        await Promise.all(deliveries.map(({ handle }) => queue.ack(handle)))
      }
    }
    await Promise.all([receive(), receive(), receive(), ...bodies.map((body) => queue.send(body))])
    expect(got.sort()).toEqual(bodies.sort())
    await emptied(queue)
  })

  it('gives no more than asked for', async () => {
    const queue = await make()
    for (const body of ['a', 'b', 'c']) await queue.send(body)
    expect((await take(queue, { max: 2 })).length).toBeLessThanOrEqual(2)
  })

  it('wakes a receiver that waits', async () => {
    const queue = await make()
    const waiting = take(queue)
    await queue.send('a')
    expect(await waiting).toMatchObject([{ body: 'a' }])
  })

  it('lets a receiver go that is told to stop', async () => {
    const queue = await make()
    const stop = new AbortController()
    const waiting = queue.receive({ max: 1, visibilityMs: HOUR, waitMs: HOUR, signal: stop.signal })
    stop.abort()
    expect(await waiting).toEqual([])
    const late = { max: 1, visibilityMs: HOUR, waitMs: HOUR, signal: stop.signal }
    await queue.send('a')
    expect(await queue.receive(late)).toEqual([])
    expect(await takeOne(queue)).toMatchObject({ body: 'a' })
  })

  it('holds a delayed hint back', async () => {
    const queue = await make()
    await queue.send('later', { delayMs: SHORT })
    await queue.send('now')
    expect((await takeOne(queue)).body).toBe('now')
    expect((await takeOne(queue)).body).toBe('later')
  })

  it('delivers again when nobody acknowledged in time, under another handle', async () => {
    const queue = await make()
    await queue.send('a')
    const first = await takeOne(queue, SHORT)
    const second = await takeOne(queue)
    expect(second).toMatchObject({ body: 'a', receiveCount: 2 })
    expect(second.handle).not.toBe(first.handle)
  })

  it('ignores the handle of a delivery that was followed by another', async () => {
    const queue = await make()
    await queue.send('a')
    const first = await takeOne(queue, SHORT)
    const second = await takeOne(queue)
    await queue.ack(first.handle)
    await queue.retry(first.handle, 0)
    await queue.bury(first.handle, 'late')
    expect(await queue.depth()).toBe(1)
    expect(await takeNow(queue)).toEqual([])
    expect(await queue.deadLetters(10)).toEqual([])
    await queue.ack(second.handle)
    await emptied(queue)
  })

  it('keeps a hint hidden for as long as its receiver extends', async () => {
    const queue = await make()
    await queue.send('a')
    const delivery = await takeOne(queue, SHORT)
    await queue.extend(delivery.handle, HOUR)
    expect(await queue.receive({ max: 1, visibilityMs: HOUR, waitMs: 2 * SHORT })).toEqual([])
  })

  it('takes a hint back and delivers it again after the delay', async () => {
    const queue = await make()
    await queue.send('a')
    await queue.retry((await takeOne(queue)).handle, 0)
    const second = await takeOne(queue)
    expect(second).toMatchObject({ body: 'a', receiveCount: 2 })
    await queue.retry(second.handle, SHORT)
    expect(await takeNow(queue)).toEqual([])
    expect(await takeOne(queue)).toMatchObject({ receiveCount: 3 })
  })

  it('delivers a hint that was sent again while a receiver had it', async () => {
    const queue = await make()
    await queue.send('a')
    const first = await takeOne(queue)
    await queue.send('a')
    await queue.ack(first.handle)
    expect(await takeOne(queue)).toMatchObject({ body: 'a', receiveCount: 1 })
  })

  it('ignores handles that it never gave', async () => {
    const queue = await make()
    for (const handle of ['', ' ', 'nonsense', 'non sense', '1.1', '999999.1', '-1.0', '1.1e3']) {
      await queue.ack(handle)
      await queue.extend(handle, 1)
      await queue.retry(handle, 1)
      await queue.bury(handle, 'x')
    }
    expect(await queue.deadLetters(10)).toEqual([])
  })

  describe('dead letters', () => {
    it('keep body and reason, and are delivered no more', async () => {
      const queue = await make()
      await queue.send('poison')
      await queue.bury((await takeOne(queue)).handle, 'the program trapped')
      await emptied(queue)
      const letters = await vi.waitFor(async () => {
        const found = await queue.deadLetters(10)
        expect(found).toHaveLength(1)
        return found
      }, PATIENCE)
      expect(letters).toMatchObject([{ body: 'poison', reason: 'the program trapped' }])
      expect(letters[0]?.at).toBeGreaterThan(0)
    })

    it('can be sent again, once', async () => {
      const queue = await make()
      await queue.send('poison')
      await queue.bury((await takeOne(queue)).handle, 'x')
      const [letter] = await queue.deadLetters(10)
      expect(await queue.redrive(letter?.id ?? '')).toBe(true)
      expect(await queue.redrive(letter?.id ?? '')).toBe(false)
      expect(await takeOne(queue)).toMatchObject({ body: 'poison', receiveCount: 1 })
      expect(await queue.deadLetters(10)).toEqual([])
      expect(await queue.redrive('no such letter')).toBe(false)
    })
  })

  it('counts what waits and what is in flight', async () => {
    const queue = await make()
    await queue.send('a')
    await queue.send('b')
    await vi.waitFor(async () => expect(await queue.depth()).toBe(2), PATIENCE)
    const { handle } = await takeOne(queue)
    expect(await queue.depth()).toBe(2)
    await queue.ack(handle)
    await vi.waitFor(async () => expect(await queue.depth()).toBe(1), PATIENCE)
  })
}
