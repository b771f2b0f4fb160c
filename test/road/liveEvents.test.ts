import { type LiveEvent, LiveEvents } from '@w3bstream/core'
import { packed, step } from '@w3bstream/core/ports/suites'
import { openStore } from '@w3bstream/store-sqlite'
import { describe, expect, it } from 'vitest'
import { tempDir } from '../support/tempDir.ts'

const by = { at: 1, actor: 'x', reason: 'y' }

/** Reads so many events, then leaves. */
async function take(live: LiveEvents, lastId: string | null, count: number): Promise<LiveEvent[]> {
  const stop = new AbortController()
  const seen: LiveEvent[] = []
  for await (const event of live.read(lastId, stop.signal)) {
    seen.push(event)
    if (seen.length === count) stop.abort()
  }
  return seen
}

describe('live events', () => {
  it('go on after the last id when the process was started anew', async () => {
    const dir = tempDir()
    const first = await openStore({ dir })
    const live = new LiveEvents(first.tasks)
    const seen = take(live, null, 2)
    const { created } = await packed(first)
    await first.tasks.advance(created.id, step.assign(created.id), by)
    const states = (await seen).map(({ taskId, entry }) => [taskId, entry.state])
    expect(states).toEqual([
      [created.id, 'packed'],
      [created.id, 'assigned'],
    ])
    const last = (await seen)[0]?.id ?? null
    live.close()
    await first.close()
    await using again = { store: await openStore({ dir }), [Symbol.asyncDispose]: () => again.store.close() }
    const after = new LiveEvents(again.store.tasks)
    await again.store.tasks.advance(created.id, { to: 'failed' }, by)
    expect((await take(after, last, 2)).map(({ entry }) => entry.state)).toEqual(['assigned', 'failed'])
    after.close()
  })

  it('show what another process did, and stop asking when nobody listens', async () => {
    const dir = tempDir()
    const store = await openStore({ dir })
    let asked = 0
    // As another process sees the store: it is told of nothing.
    const live = new LiveEvents(
      {
        feed: (after, limit) => {
          asked++
          return store.tasks.feed(after, limit)
        },
        watch: () => () => {},
      },
      { pollMs: 5 },
    )
    const stop = new AbortController()
    const events = live.read(null, stop.signal)[Symbol.asyncIterator]()
    const next = events.next()
    await expect.poll(() => asked).toBeGreaterThan(3)
    const { created } = await packed(store)
    expect((await next).value).toMatchObject({ taskId: created.id, entry: { state: 'packed' } })
    const ended = events.next()
    stop.abort()
    expect((await ended).done).toBe(true)
    const before = asked
    await packed(store)
    expect(asked).toBe(before)
    live.close()
    await store.close()
  })
})
