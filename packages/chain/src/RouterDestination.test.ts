import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inState, makeWorld, provedTask, settlerOf, type World } from './fixtures/world.test.fixture.ts'

describe('RouterDestination', () => {
  let world: World
  beforeAll(async () => {
    world = await makeWorld()
  })
  afterAll(() => world.close())

  it('settles a task once, and finds it again', async () => {
    const { id } = await world.project()
    const { sender, destination, watcher } = settlerOf(world, world.sender())
    await sender.checkStart()
    const item = provedTask(world, id, 1n)
    const task = item.record.id
    expect((await destination.deliver([item])).get(task)).toEqual({ type: 'submitted' })
    const [seen] = await watcher.watch([inState(item, 'submitted')])
    expect(seen).toMatchObject({
      type: 'settled',
      task,
      settlement: { contract: world.deployment.contracts.settlement },
    })
    if (seen?.type !== 'settled') throw new Error('not settled')
    expect(seen.settlement.gasUsed).toBeGreaterThan(21_000n)
    expect(await watcher.watch([inState(item, 'settled', seen.settlement)])).toEqual([{ type: 'finalized', task }])
    expect((await destination.deliver([item])).get(task)).toEqual({ type: 'consumed', settlement: seen.settlement })
  })
})
