import { randomBytes } from 'node:crypto'
import type { LocalNode } from '@w3bstream/local'
import { type Hash, StoreUnavailableError } from '@w3bstream/protocol'
import { expect, it } from 'vitest'
import { instantProject } from '../support/instantProject.ts'
import { client } from './support/client.ts'
import { settledEvents } from './support/settledEvents.ts'
import { startNode } from './support/startNode.ts'

it('a full disk refuses messages with 503, loses none that were accepted, and goes on when there is space', async () => {
  const node = await startNode({ store: { maxPages: 2_000 } })
  const { post, send, taskOf } = client(node)
  const { projectId } = await instantProject(node, { aggregation: { amount: 2 } })
  const early = await send(projectId)

  const filler = await fill(node)
  // Larger than what may be left in a page that is in use.
  const data = JSON.stringify({ t: 1, note: 'x'.repeat(6_000) })
  for (let i = 0; i < 5; i++)
    expect(await post(projectId, data)).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE' } })
  expect((await node.w3b.tasks({ projectId, limit: 10 })).tasks).toEqual([])

  for (const hash of filler) await node.store.blobs.delete(hash)
  const late = await send(projectId, data)
  const task = await taskOf(early, 'finalized')
  expect(task.messageCount).toBe(2)
  expect((await taskOf(late, 'finalized')).id).toBe(task.id)
  expect(await settledEvents(node.rpcUrl, node.contracts, task.id)).toBe(1)
})

/** Writes until nothing more fits, ever smaller pieces. @returns what to delete to make space */
async function fill(node: LocalNode): Promise<Hash[]> {
  const written: Hash[] = []
  for (let size = 32_768; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) written.push(await node.store.blobs.put(randomBytes(size)))
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error
    }
  }
  return written
}
