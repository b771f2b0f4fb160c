import { describe, expect, it } from 'vitest'
import { FairSlots } from './FairSlots.ts'

describe('FairSlots', () => {
  it('leaves another owner a place, however much one asks for', async () => {
    const slots = new FairSlots(2, 10)
    await slots.take('greedy')
    let second = false
    void slots.take('greedy').then(() => {
      second = true
    })
    expect(await slots.take('modest')).toBeTypeOf('function')
    expect(second).toBe(false)
  })

  it('serves owners in turn', async () => {
    const slots = new FairSlots(1, 10)
    const order: string[] = []
    const free = await slots.take('a')
    const entries = ['a', 'a', 'b', 'c', 'a'].map(async (owner) => {
      const release = await slots.take(owner)
      order.push(owner)
      release?.()
    })
    free?.()
    await Promise.all(entries)
    expect(order.slice(0, 3).sort()).toEqual(['a', 'b', 'c'])
    expect(order).toHaveLength(5)
  })

  it('turns away what an owner asks beyond its line', async () => {
    const slots = new FairSlots(1, 1)
    await slots.take('a')
    void slots.take('a')
    expect(await slots.take('a')).toBeNull()
  })

  it('gives a sole place to anybody', async () => {
    const slots = new FairSlots(1, 1)
    const release = await slots.take('a')
    release?.()
    expect(await slots.take('a')).toBeTypeOf('function')
  })
})
