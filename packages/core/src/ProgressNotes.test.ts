import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ProgressNotes } from './ProgressNotes.ts'

describe('ProgressNotes', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function notes(write?: (line: string) => Promise<void>) {
    const lines: [number, string][] = []
    const started = Date.now()
    const made = new ProgressNotes(
      write ??
        (async (line) => {
          lines.push([Date.now() - started, line])
        }),
    )
    return { notes: made, lines }
  }
  const segment = (done: number, planned = 20) => ({ phase: 'proving', done, planned }) as const

  it('writes nothing of a proof that is over at once', async () => {
    const { notes: told, lines } = notes()
    told.told({ phase: 'executing', done: 0, planned: 1 })
    await vi.advanceTimersByTimeAsync(999)
    told.told(segment(1))
    await told.end()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(lines).toEqual([])
  })

  it('writes the first, then the newest now and then, and the last', async () => {
    const { notes: told, lines } = notes()
    told.told({ phase: 'executing', done: 0, planned: 1 })
    for (let done = 0; done <= 20; done++) {
      await vi.advanceTimersByTimeAsync(700)
      told.told(segment(done))
    }
    told.told({ phase: 'verifying', done: 0, planned: 1 })
    await told.end()
    told.told(segment(0))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(lines).toEqual([
      [1_000, 'proving: 0 of 20 segments'],
      [6_000, 'proving: 7 of 20 segments'],
      [11_000, 'proving: 14 of 20 segments'],
      [14_700, 'verifying'],
    ])
  })

  it('waits for news without writing anything twice', async () => {
    const { notes: told, lines } = notes()
    told.told(segment(1, 2))
    await vi.advanceTimersByTimeAsync(30_000)
    told.told(segment(2, 2))
    await told.end()
    expect(lines).toEqual([
      [1_000, 'proving: 1 of 2 segments'],
      [30_000, 'proving: 2 of 2 segments'],
    ])
  })

  it('writes twenty lines at most, however long a proof takes', async () => {
    const { notes: told, lines } = notes()
    for (let done = 0; done < 30_000; done++) {
      told.told(segment(done, 30_000))
      await vi.advanceTimersByTimeAsync(1_000)
    }
    await told.end()
    expect(lines).toHaveLength(20)
    expect(lines.at(-1)).toEqual([30_000_000, 'proving: 29999 of 30000 segments'])
  })

  it('writes in order, and passes over what cannot be written', async () => {
    const lines: string[] = []
    const slow = Promise.withResolvers<void>()
    const { notes: told } = notes(async (line) => {
      if (lines.length === 0) await slow.promise
      lines.push(line)
      if (lines.length === 1) throw new Error('no store')
    })
    told.told(segment(1))
    await vi.advanceTimersByTimeAsync(1_000)
    told.told(segment(2))
    const ended = told.end()
    slow.resolve()
    await ended
    expect(lines).toEqual(['proving: 1 of 20 segments', 'proving: 2 of 20 segments'])
  })
})
