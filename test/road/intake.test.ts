import { consume, type ProveOutcome } from '@w3bstream/core'
import { silentTelemetry as telemetry } from '@w3bstream/local'
import { openStore } from '@w3bstream/store-sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { Intake } from '../../functions/prover/Intake.ts'
import { tempDir } from '../support/tempDir.ts'
import { until } from '../support/until.ts'

const FULL: ProveOutcome = { type: 'retry', afterMs: 0, isFull: true }
const DONE: ProveOutcome = { type: 'done' }

/** A prover at work on hints, one `answer` a hint. */
async function prover(restMs: number, answer: (body: string) => ProveOutcome | Promise<ProveOutcome>) {
  const store = await openStore({ dir: tempDir() })
  const queue = store.queue('prove')
  await queue.send('first')
  await queue.send('second')
  const intake = new Intake({ queue }, { restMs })
  const taken: string[] = []
  const stop = consume({
    queue: intake.queue,
    concurrency: 4,
    batch: 1,
    visibilityMs: 30_000,
    maxReceives: 3,
    telemetry,
    handle: async ([body = '']) => {
      taken.push(body)
      return new Map([[body, await intake.handle(body, async () => answer(body))]])
    },
  })
  onTestFinished(async () => {
    await stop()
    await store.close()
  })
  return { queue, taken }
}

it('leaves what found no place to other provers, as a new hint, until something in hand ends', async () => {
  const first = Promise.withResolvers<ProveOutcome>()
  const { queue, taken } = await prover(3_600_000, (body) => (body === 'first' ? first.promise : FULL))
  onTestFinished(() => first.resolve(DONE))
  await until('the second to be turned away', () => taken.length === 2)
  const seen = await queue.receive({ max: 10, visibilityMs: 30_000, waitMs: 10_000 })
  expect(seen).toMatchObject([{ body: 'second', receiveCount: 1 }])
  for (const { handle } of seen) await queue.retry(handle, 0)
  expect(taken).toEqual(['first', 'second'])
  first.resolve(DONE)
  await until('the second to be taken again', () => taken.length > 2)
})

it('looks again after its rest, while what is in hand goes on', async () => {
  const first = Promise.withResolvers<ProveOutcome>()
  let tries = 0
  const { queue, taken } = await prover(5, (body) => {
    if (body === 'first') return first.promise
    tries += 1
    return tries < 8 ? FULL : DONE
  })
  onTestFinished(() => first.resolve(DONE))
  await until('the second to be done', () => tries === 8)
  first.resolve(DONE)
  await until('the queue to be empty', async () => (await queue.depth()) === 0)
  expect(taken).toHaveLength(9)
})

it('does not rest with nothing in hand', async () => {
  let tries = 0
  const { queue } = await prover(3_600_000, () => {
    tries += 1
    return tries < 6 ? FULL : DONE
  })
  await until('the queue to be empty', async () => (await queue.depth()) === 0)
  expect(tries).toBe(7)
})
