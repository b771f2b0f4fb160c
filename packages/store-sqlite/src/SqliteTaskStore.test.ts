import { packed, step, taskStoreSuite } from '@w3bstream/core/ports/suites'
import { StaleLeaseError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { testStore } from './testStore.ts'

describe('SqliteTaskStore', () => {
  taskStoreSuite(() => testStore())

  it('frees the leases of a process that is gone', async () => {
    const first = await testStore()
    const { id } = (await packed(first)).created
    const by = { at: 1, actor: 'x', reason: 'y' }
    await first.tasks.advance(id, step.assign(id), by)
    const token = (await first.tasks.lease(id, 'gone', 1, 3_600_000))?.token ?? -1n
    await first.close()
    const { tasks } = await testStore({ dir: first.dir })
    await expect(tasks.advance(id, step.prove(id, token), by)).rejects.toThrow(StaleLeaseError)
    expect((await tasks.lease(id, 'next', 2, 1_000))?.token).toBeGreaterThan(token)
  })
})
