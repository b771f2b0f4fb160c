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

  it('keeps its hints and their deliveries over a restart', async () => {
    const first = await testStore()
    await first.queue('prove').send('a')
    const [held] = await first.queue('prove').receive({ max: 1, visibilityMs: 60_000, waitMs: 0 })
    await first.queue('prove').send('b')
    await first.close()
    const second = await testStore({ dir: first.dir })
    const [b] = await second.queue('prove').receive({ max: 2, visibilityMs: 60_000, waitMs: 0 })
    expect(b?.body).toBe('b')
    await second.queue('prove').ack(held?.handle ?? '')
    expect(await second.queue('prove').depth()).toBe(1)
  })

  it('refuses a hint that is no hint but a payload', async () => {
    const queue = (await testStore()).queue('prove')
    await expect(queue.send('x'.repeat(262_145))).rejects.toThrow('262144')
  })
})
