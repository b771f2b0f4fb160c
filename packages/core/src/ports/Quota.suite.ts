import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Clock } from './Clock.ts'
import { NOW } from './fixtures.suite.ts'
import type { Quota } from './Quota.ts'

/** What every Quota does. @param make a quota that goes by the clock it is given */
export const quotaSuite = (make: (clock: Clock) => Promise<Quota>): void => {
  const clocked = async () => {
    const clock = { time: NOW, now: () => clock.time }
    return { clock, quota: await make(clock) }
  }
  const allotment = { perSecond: 10, burst: 20 }

  it('grants a burst, then says how long to wait, and keeps its word', async () => {
    const { clock, quota } = await clocked()
    expect(quota.take('a', 20, allotment)).toBe(0)
    const waitMs = quota.take('a', 5, allotment)
    expect(waitMs).toBe(500)
    clock.time += waitMs - 1
    expect(quota.take('a', 5, allotment)).toBeGreaterThan(0)
    clock.time += 1
    expect(quota.take('a', 5, allotment)).toBe(0)
  })

  it('keeps scopes apart', async () => {
    const { quota } = await clocked()
    expect(quota.take('a', 20, allotment)).toBe(0)
    expect(quota.take('a', 1, allotment)).toBeGreaterThan(0)
    expect(quota.take('b', 20, allotment)).toBe(0)
  })

  it('takes nothing where it does not grant', async () => {
    const { quota } = await clocked()
    expect(quota.take('a', 15, allotment)).toBe(0)
    for (let i = 0; i < 5; i++) expect(quota.take('a', 6, allotment)).toBeGreaterThan(0)
    expect(quota.take('a', 5, allotment)).toBe(0)
  })

  it('never saves up more than the burst', async () => {
    const { clock, quota } = await clocked()
    quota.take('a', 20, allotment)
    clock.time += 86_400_000
    expect(quota.take('a', 20, allotment)).toBe(0)
    expect(quota.take('a', 1, allotment)).toBeGreaterThan(0)
  })

  it('stands still when the clock goes back', async () => {
    const { clock, quota } = await clocked()
    quota.take('a', 20, allotment)
    clock.time -= 60_000
    expect(quota.take('a', 1, allotment)).toBeGreaterThan(0)
  })

  it('lets more than a burst through only when nothing was taken for long, and has it paid back', async () => {
    const { clock, quota } = await clocked()
    expect(quota.take('a', 100, allotment)).toBe(0)
    clock.time += 8_000
    expect(quota.take('a', 1, allotment)).toBeGreaterThan(0)
    clock.time += 100
    expect(quota.take('a', 1, allotment)).toBe(0)
  })

  it('grants no more than burst and rate allow, whatever is asked when', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ units: fc.integer({ min: 1, max: 20 }), pauseMs: fc.integer({ min: 0, max: 2_000 }) })),
        async (asked) => {
          const { clock, quota } = await clocked()
          let granted = 0
          for (const { units, pauseMs } of asked) {
            clock.time += pauseMs
            if (quota.take('a', units, allotment) === 0) granted += units
            const allowed = allotment.burst + ((clock.time - NOW) * allotment.perSecond) / 1_000
            expect(granted).toBeLessThanOrEqual(allowed + 1e-6)
          }
        },
      ),
    )
  })
}
