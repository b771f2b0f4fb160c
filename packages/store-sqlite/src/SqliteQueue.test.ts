import { queueSuite } from '@w3bstream/core/ports/suites'
import { describe, expect, it } from 'vitest'
import { testStore } from './testStore.ts'

describe('SqliteQueue', () => {
  queueSuite(async () => (await testStore()).queue('prove'))

  it('keeps queues of one store apart', async () => {
    const store = await testStore()
    await store.queue('a').send('hint')
    expect(await store.queue('b').depth()).toBe(0)
    expect(await store.queue('a').depth()).toBe(1)
  })

  it('stays one hint long however often the same is sent', async () => {
    const queue = (await testStore()).queue('prove')
    for (let i = 0; i < 5; i++) await queue.send('task')
    expect(await queue.depth()).toBe(1)
    const deliveries = await queue.receive({ max: 10, visibilityMs: 60_000, waitMs: 0 })
    expect(deliveries).toHaveLength(1)
    for (let i = 0; i < 5; i++) await queue.send('task')
    expect(await queue.depth()).toBe(1)
    expect(await queue.receive({ max: 10, visibilityMs: 60_000, waitMs: 0 })).toEqual([])
  })

  it('counts a delivery for all that was sent before it', async () => {
    const queue = (await testStore()).queue('prove')
    await queue.send('task')
    expect(await queue.receive({ max: 1, visibilityMs: 50, waitMs: 0 })).toHaveLength(1)
    await queue.send('task')
    const [again] = await queue.receive({ max: 1, visibilityMs: 60_000, waitMs: 10_000 })
    await queue.ack(again?.handle ?? '')
    expect(await queue.depth()).toBe(0)
  })

  it('keeps its hints over a restart, and delivers at once what was with a receiver that is gone', async () => {
    const first = await testStore()
    await first.queue('prove').send('held')
    const [held] = await first.queue('prove').receive({ max: 1, visibilityMs: 3_600_000, waitMs: 0 })
    await first.queue('prove').send('waits')
    await first.queue('prove').send('later', { delayMs: 3_600_000 })
    await first.close()
    const queue = (await testStore({ dir: first.dir })).queue('prove')
    const again = await queue.receive({ max: 9, visibilityMs: 3_600_000, waitMs: 0 })
    expect(again.map(({ body, receiveCount }) => `${body} ${receiveCount}`).sort()).toEqual(['held 2', 'waits 1'])
    await queue.ack(held?.handle ?? '')
    expect(await queue.depth()).toBe(3)
  })

  it('refuses a hint that is no hint but a payload', async () => {
    const queue = (await testStore()).queue('prove')
    await expect(queue.send('x'.repeat(262_145))).rejects.toThrow('262144')
  })
})
