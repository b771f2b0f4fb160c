import { expect, it } from 'vitest'
import { untilDeadline } from './untilDeadline.ts'

const left = (ms: number) => ({ getRemainingTimeInMillis: () => ms })

it('gives the result of work that ends in time', async () => {
  using deadline = untilDeadline(left(10_000), 100)
  expect(await deadline.race(Promise.resolve(5))).toBe(5)
  expect(deadline.signal.aborted).toBe(false)
})

it('tells work to end, and waits a little for it', async () => {
  using deadline = untilDeadline(left(50), 40)
  const heeding = new Promise<string>((resolve) =>
    deadline.signal.addEventListener('abort', () => setTimeout(() => resolve('ended'), 5)),
  )
  expect(await deadline.race(heeding)).toBe('ended')
})

it('leaves work that does not end', async () => {
  using deadline = untilDeadline(left(30), 20)
  expect(await deadline.race(new Promise(() => {}))).toBeUndefined()
  expect(await deadline.race(new Promise(() => {}))).toBeUndefined()
})
