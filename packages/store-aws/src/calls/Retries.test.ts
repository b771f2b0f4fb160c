import { describe, expect, it, vi } from 'vitest'
import { AwsError } from './AwsError.ts'
import { Retries } from './Retries.ts'

const failing = (retryable: boolean) => new AwsError({ code: 'X', message: 'x', status: 500, retryable })
const p = { timeoutMs: 1_000 }

describe('Retries', () => {
  it('tries as often as it may, and only what may help', async () => {
    const retries = new Retries({ attempts: 3, retryDelayMs: 1 })
    for (const [error, tries] of [
      [failing(true), 3],
      [failing(false), 1],
      [new TypeError('a mistake'), 1],
    ] as const) {
      let tried = 0
      const work = retries.run(() => {
        tried++
        return Promise.reject(error)
      }, p)
      await expect(work).rejects.toBe(error)
      expect(tried).toBe(tries)
    }
  })

  it('stops retrying a service that is down, and begins again as calls succeed', async () => {
    const retries = new Retries({ attempts: 5, retryDelayMs: 0 })
    let tried = 0
    const fail = () => {
      tried++
      return Promise.reject(failing(true))
    }
    for (let i = 0; i < 50; i++) await expect(retries.run(fail, p)).rejects.toThrow(AwsError)
    // Fifty calls, and a hundred retries among them, not two hundred.
    expect(tried).toBe(150)
    for (let i = 0; i < 5; i++) await retries.run(async () => i, p)
    tried = 0
    await expect(retries.run(fail, p)).rejects.toThrow(AwsError)
    expect(tried).toBe(2)
  })

  it('begins no attempt at a silent service so late that a function would be ended before it could tell', async () => {
    vi.useFakeTimers()
    try {
      for (const [timeoutMs, tries, mostMs] of [
        [3_000, 5, 16_000],
        [23_000, 1, 23_000],
        [20_000, 1, 20_000],
      ] as const) {
        let tried = 0
        const began = performance.now()
        const work = new Retries({}).run(
          (signal) => {
            tried++
            return new Promise((_, reject) => signal.addEventListener('abort', () => reject(failing(true))))
          },
          { timeoutMs },
        )
        const told = expect(work)
          .rejects.toMatchObject({ code: 'Timeout' })
          .then(() => performance.now() - began)
        await vi.advanceTimersByTimeAsync(400_000)
        expect(await told).toBeLessThanOrEqual(mostMs)
        expect(tried).toBe(tries)
      }
    } finally {
      vi.useRealTimers()
    }
  })

  it('ends a pause as soon as the caller gives up', async () => {
    const retries = new Retries({ attempts: 50, retryDelayMs: 2_000 })
    const stop = new AbortController()
    const work = retries.run(
      () => {
        setImmediate(() => stop.abort())
        return Promise.reject(failing(true))
      },
      { ...p, signal: stop.signal },
    )
    await expect(work).rejects.toMatchObject({ code: 'Aborted' })
  })
})
