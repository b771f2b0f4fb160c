import { join } from 'node:path'
import { openStore } from '@w3bstream/store-sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { tempDir } from '../support/tempDir.ts'

it('a hint that a dead process held is there for the next one at once', async () => {
  const dir = join(tempDir(), 'data')
  const first = await openStore({ dir })
  await first.queue('q').send('task')
  expect(await first.queue('q').receive({ max: 1, visibilityMs: 3_600_000, waitMs: 0 })).toHaveLength(1)
  await first.close()
  const second = await openStore({ dir })
  onTestFinished(() => second.close())
  const [again] = await second.queue('q').receive({ max: 1, visibilityMs: 1_000, waitMs: 0 })
  expect(again).toMatchObject({ body: 'task', receiveCount: 2 })
})
