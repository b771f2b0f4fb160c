import { consume, type Handled } from '@w3bstream/core'
import { silentTelemetry as telemetry } from '@w3bstream/local'
import { openStore } from '@w3bstream/store-sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { tempDir } from '../support/tempDir.ts'
import { until } from '../support/until.ts'

async function queued(...bodies: readonly string[]) {
  const store = await openStore({ dir: tempDir() })
  onTestFinished(() => store.close())
  const queue = store.queue('work')
  for (const body of bodies) await queue.send(body)
  return queue
}
const options = { concurrency: 1, batch: 1, visibilityMs: 30_000, telemetry }
const answer = (body: string, outcome: Handled) => new Map([[body, outcome]])

it('lets what is in hand end before it stops, and takes no more', async () => {
  const queue = await queued('first', 'second')
  const work = Promise.withResolvers<void>()
  const begun: string[] = []
  const stop = consume({
    ...options,
    queue,
    drainMs: 60_000,
    handle: async ([body = ''], signal) => {
      begun.push(body)
      await work.promise
      return answer(body, signal.aborted ? { type: 'retry', afterMs: 0 } : { type: 'done' })
    },
  })
  await until('the first to begin', () => begun.length > 0)
  const stopped = stop()
  work.resolve()
  await stopped
  expect(begun).toEqual(['first'])
  expect(await queue.depth()).toBe(1)
})

it('tells what does not end in time to give its hint back', async () => {
  const queue = await queued('long')
  const begun = Promise.withResolvers<void>()
  const stop = consume({
    ...options,
    queue,
    drainMs: 20,
    handle: ([body = ''], signal) => {
      begun.resolve()
      return new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve(answer(body, { type: 'retry', afterMs: 0 }))),
      )
    },
  })
  await begun.promise
  await stop()
  expect(await queue.receive({ max: 1, visibilityMs: 1_000, waitMs: 0 })).toMatchObject([{ body: 'long' }])
})

it('drops a hint that came back as often as it may, for the reconciler to send again', async () => {
  const queue = await queued('again')
  let calls = 0
  const stop = consume({
    ...options,
    queue,
    maxReceives: 3,
    handle: async ([body = '']) => {
      calls++
      return answer(body, { type: 'retry', afterMs: 0 })
    },
  })
  await until('the queue to be empty', async () => (await queue.depth()) === 0)
  await stop()
  expect(calls).toBe(3)
})
