import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { type Ask, type Grant, Scheduler, type SchedulerOptions } from './Scheduler.ts'

const GIB = 2 ** 30
const never = new AbortController().signal

/** A machine whose time is the test's. */
function machine(p: { cores?: number; gib?: number; gpus?: number } = {}, options: SchedulerOptions = {}) {
  const time = { now: 0 }
  const scheduler = new Scheduler(
    { cores: p.cores ?? 2, memoryBytes: (p.gib ?? 8) * GIB, gpus: p.gpus ?? 0 },
    { now: () => time.now, maxWaiting: 1_000, ...options },
  )
  const started: string[] = []
  const grants = new Map<string, Grant>()
  const turnedAway: string[] = []
  const ask = (
    name: string,
    job: { gib?: number; gpus?: number; wallMs?: number; ready?: Ask['ready'] } = {},
    signal: AbortSignal = never,
  ): Promise<void> => {
    const [owner = name] = name.split(' ')
    const need = () => ({ memoryBytes: (job.gib ?? 1) * GIB, gpus: job.gpus ?? 0, wallMs: job.wallMs ?? 1_000 })
    return scheduler
      .take({ owner, need, ...(job.ready === undefined ? {} : { ready: job.ready }) }, signal)
      .then((grant) => {
        if (grant === null) return void turnedAway.push(name)
        started.push(name)
        grants.set(name, grant)
      })
  }
  /** Lets whoever was given a place take it. */
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  const end = async (name: string, at = time.now): Promise<void> => {
    time.now = at
    grants.get(name)?.release()
    await settled()
  }
  return { scheduler, time, started, grants, turnedAway, ask, settled, end }
}

describe('Scheduler', () => {
  it('gives one owner every core while nobody else asks, and another a place beyond them', async () => {
    const { ask, settled, started, scheduler } = machine()
    for (const name of ['greedy 1', 'greedy 2', 'greedy 3']) void ask(name)
    await settled()
    expect(started).toEqual(['greedy 1', 'greedy 2'])
    void ask('modest 1')
    void ask('modest 2')
    void ask('third 1')
    await settled()
    expect(started).toEqual(['greedy 1', 'greedy 2', 'modest 1'])
    expect(scheduler.busyCores).toBe(3)
  })

  it('gives cores that were lent beyond their number back before it gives any', async () => {
    const { ask, settled, started, end, scheduler } = machine()
    for (const name of ['greedy 1', 'greedy 2', 'greedy 3', 'modest 1']) void ask(name)
    await settled()
    await end('greedy 1')
    expect(started).toEqual(['greedy 1', 'greedy 2', 'modest 1'])
    await end('modest 1')
    expect(started.at(-1)).toBe('greedy 3')
    expect(scheduler.busyCores).toBe(2)
  })

  it('serves owners in turn', async () => {
    const { ask, settled, started, end } = machine({ cores: 1 })
    for (const name of ['a 0', 'a 1', 'a 2', 'b 1', 'c 1', 'a 3']) void ask(name)
    await settled()
    for (let at = 1_000; at <= 6_000; at += 1_000) await end(started.at(-1) ?? '', at)
    expect(started[0]).toBe('a 0')
    expect(started.slice(1, 3).sort()).toEqual(['b 1', 'c 1'])
    expect(started.slice(3)).toEqual(['a 1', 'a 2', 'a 3'])
  })

  it('serves owners by the time that they were given, not by the count of their jobs', async () => {
    const { ask, settled, started, end, time } = machine({ cores: 1 })
    for (let i = 0; i < 20; i++) void ask(`short ${i}`, { wallMs: 100 })
    for (let i = 0; i < 20; i++) void ask(`long ${i}`, { wallMs: 1_000 })
    await settled()
    for (let i = 0; i < 22; i++) {
      const name = started.at(-1) ?? ''
      await end(name, time.now + (name.startsWith('long') ? 1_000 : 100))
    }
    expect(started.filter((name) => name.startsWith('short')).length).toBeGreaterThanOrEqual(18)
  })

  it('gives a sole place to anybody', async () => {
    const { ask, settled, started, end } = machine({ cores: 1 })
    void ask('a 1')
    await settled()
    await end('a 1')
    void ask('a 2')
    await settled()
    expect(started).toEqual(['a 1', 'a 2'])
  })

  it('turns away what an owner asks beyond its line, what waited too long, and all of it when it closes', async () => {
    const { ask, settled, started, turnedAway, scheduler } = machine({ cores: 1 }, { maxWaiting: 1, maxWaitMs: 20 })
    await ask('a 1')
    const waiting = ask('a 2')
    await ask('a 3')
    expect(turnedAway).toEqual(['a 3'])
    await waiting
    expect(turnedAway).toEqual(['a 3', 'a 2'])
    const last = ask('a 4')
    scheduler.close()
    await last
    await ask('a 5')
    await settled()
    expect([started, turnedAway]).toEqual([['a 1'], ['a 3', 'a 2', 'a 4', 'a 5']])
    expect(scheduler.waiting).toBe(0)
  })

  it('lets go of who is told to stop while it waits, and serves those behind it', async () => {
    const { ask, settled, started, end, scheduler } = machine({ cores: 1 })
    const stop = new AbortController()
    void ask('a 1')
    const stopped = ask('a 2', {}, stop.signal)
    void ask('a 3')
    await settled()
    stop.abort(new Error('no longer wanted'))
    await expect(stopped).rejects.toThrow('no longer wanted')
    expect(scheduler.waiting).toBe(1)
    await end('a 1')
    expect(started).toEqual(['a 1', 'a 3'])
    await expect(ask('a 4', {}, AbortSignal.abort(new Error('not even asked')))).rejects.toThrow('not even asked')
  })

  it('gives the place back of who is told to stop as it gets one', async () => {
    const { ask, settled, end, scheduler } = machine({ cores: 1 })
    const stop = new AbortController()
    void ask('a 1')
    const stopped = ask('b 1', {}, stop.signal)
    await settled()
    void end('a 1')
    stop.abort(new Error('too late'))
    await expect(stopped).rejects.toThrow('too late')
    await settled()
    expect([scheduler.running, scheduler.busyCores, scheduler.heldBytes]).toEqual([0, 0, 0])
  })

  it('never gives memory or a GPU twice', async () => {
    const { ask, settled, started, end } = machine({ cores: 8, gib: 4, gpus: 1 })
    for (const name of ['a 1', 'a 2', 'b 1']) void ask(name, { gib: 2 })
    await settled()
    expect(started).toHaveLength(2)
    await end(started[0] ?? '')
    await end(started[1] ?? '')
    void ask('a gpu', { gpus: 1, gib: 1 })
    void ask('b gpu', { gpus: 1, gib: 1 })
    await settled()
    expect(started.filter((name) => name.endsWith('gpu'))).toEqual(['a gpu'])
    await end('a gpu')
    expect(started.at(-1)).toBe('b gpu')
  })

  it('gives a job that may take more than there is the machine to itself', async () => {
    const { ask, settled, started, grants, end } = machine({ gib: 4 })
    void ask('small 1', { gib: 1 })
    void ask('huge 1', { gib: 100, wallMs: 60_000 })
    await settled()
    expect(started).toEqual(['small 1'])
    await end('small 1')
    expect(started).toEqual(['small 1', 'huge 1'])
    expect(grants.get('huge 1')?.memoryBytes).toBe(4 * GIB)
  })

  it('lets small jobs pass a large one that waits for room, but not hold it up', async () => {
    const { ask, settled, started, end } = machine({ cores: 4, gib: 8 })
    void ask('long 1', { gib: 4, wallMs: 60_000 })
    void ask('large 1', { gib: 6, wallMs: 60_000 })
    // Over before `long 1` is; would go on after it; leaves `large 1` its room.
    void ask('quick 1', { gib: 2, wallMs: 1_000 })
    void ask('slow 1', { gib: 3, wallMs: 90_000 })
    void ask('tiny 1', { gib: 1, wallMs: 90_000 })
    await settled()
    expect(started.sort()).toEqual(['long 1', 'quick 1', 'tiny 1'])
    await end('quick 1', 1_000)
    expect(started).toHaveLength(3)
    await end('long 1', 60_000)
    expect(started.at(-1)).toBe('large 1')
  })

  it('starts a large job in the end, however many small ones take longer than expected', async () => {
    const { ask, settled, started, end, time } = machine({ cores: 4, gib: 8 })
    void ask('small 0', { gib: 4, wallMs: 1_000 })
    void ask('large 1', { gib: 8, wallMs: 1_000 })
    let next = 1
    await settled()
    // Each claims to be over at once, and is not; there is always one that runs.
    for (let round = 0; round < 200 && !started.includes('large 1'); round++) {
      void ask(`small ${next++}`, { gib: 4, wallMs: 1 })
      await settled()
      await end(`small ${round}`, time.now + 500)
    }
    expect(started).toContain('large 1')
  })

  it('does not turn away who has its turn, however long it waits for room', async () => {
    const { ask, settled, started, turnedAway, end } = machine({ cores: 4, gib: 8 }, { maxWaitMs: 20 })
    void ask('small 1', { gib: 4, wallMs: 60_000 })
    void ask('large 1', { gib: 8, wallMs: 1_000 })
    for (const name of ['small 2', 'small 3']) await ask(name, { gib: 4, wallMs: 60_000 })
    expect([started, turnedAway]).toEqual([['small 1'], ['small 2', 'small 3']])
    await end('small 1', 60_000)
    await settled()
    expect(started).toEqual(['small 1', 'large 1'])
  })

  it('turns that one away, too, where other machines may have room', async () => {
    const { ask, started, turnedAway } = machine({ cores: 4, gib: 8 }, { maxWaitMs: 20, turnsHeadAway: true })
    void ask('small 1', { gib: 4, wallMs: 60_000 })
    await ask('large 1', { gib: 8, wallMs: 1_000 })
    expect([started, turnedAway]).toEqual([['small 1'], ['large 1']])
  })

  it("leaves another owner's first job as much room as one of its own takes", async () => {
    const { ask, settled, started, end } = machine({ cores: 8, gib: 8 })
    void ask('modest 1', { gib: 2 })
    await settled()
    await end('modest 1')
    for (let i = 1; i <= 5; i++) void ask(`greedy ${i}`, { gib: 2 })
    await settled()
    expect(started).toEqual(['modest 1', 'greedy 1', 'greedy 2', 'greedy 3'])
    void ask('modest 2', { gib: 2 })
    await settled()
    expect(started.at(-1)).toBe('modest 2')
  })

  it('takes of a line first what is ready for it, and comes back to who was passed', async () => {
    const { ask, settled, started, end } = machine({ cores: 1 })
    void ask('a 0')
    void ask('a cold')
    for (let i = 0; i < 12; i++) void ask(`a warm${i}`, { ready: () => 'program' })
    await settled()
    for (let i = 0; i < 14; i++) await end(started.at(-1) ?? '')
    expect(started.indexOf('a cold')).toBe(9)
    expect(started).toHaveLength(14)
  })

  it('ends what is kept ready where its memory is needed, but not what the job itself has the use of', async () => {
    const ended: (string | null)[] = []
    const idle = {
      bytes: (except: string | null) => (except === 'mine' ? 0 : 4 * GIB),
      end: (it: string | null) => void ended.push(it),
    }
    const { ask, settled } = machine({ cores: 4, gib: 8 }, { idle })
    void ask('a 1', { gib: 3 })
    await settled()
    expect(ended).toEqual([])
    void ask('a 2', { gib: 3, ready: () => 'mine' })
    await settled()
    expect(ended).toEqual([])
    void ask('a 3', { gib: 1 })
    await settled()
    expect(ended).toEqual([null])
  })

  it('widens a job that is alone to every core, and none where others wait', async () => {
    const { ask, settled, grants, end, scheduler } = machine({ cores: 4 })
    void ask('a 1')
    await settled()
    expect(grants.get('a 1')?.widen()).toBe(4)
    expect(scheduler.busyCores).toBe(4)
    for (const name of ['a 2', 'a 3']) void ask(name)
    await settled()
    await end('a 1')
    expect([...grants.keys()]).toEqual(['a 1', 'a 2', 'a 3'])
    expect(grants.get('a 2')?.widen()).toBe(3)
    expect(grants.get('a 3')?.widen()).toBe(1)
    await end('a 2')
    await end('a 3')
    expect(scheduler.busyCores).toBe(0)
    expect(grants.get('a 3')?.widen()).toBe(1)
    expect(scheduler.busyCores).toBe(0)
  })

  it('widens a job to the cores that those who wait for memory cannot use', async () => {
    const { ask, settled, started, grants, end } = machine({ cores: 4, gib: 15.5 })
    for (let i = 1; i <= 6; i++) void ask(`a ${i}`, { gib: 10, wallMs: 60_000 })
    await settled()
    expect(started).toEqual(['a 1'])
    expect(grants.get('a 1')?.widen()).toBe(4)
    await end('a 1', 60_000)
    expect(started).toEqual(['a 1', 'a 2'])
    expect(grants.get('a 2')?.widen()).toBe(4)
  })

  it('widens a job to the cores that those who wait for its GPU cannot use', async () => {
    const { ask, settled, started, grants } = machine({ cores: 4, gpus: 1 })
    for (let i = 1; i <= 3; i++) void ask(`a gpu${i}`, { gpus: 1, wallMs: 60_000 })
    void ask('a cpu', { wallMs: 60_000 })
    await settled()
    expect(started).toEqual(['a gpu1', 'a cpu'])
    expect(grants.get('a gpu1')?.widen()).toBe(3)
  })

  it('leaves a core to each who could start since it turned out to need less', async () => {
    const { scheduler, ask, settled, grants } = machine({ cores: 4, gib: 8 })
    void ask('a 1', { gib: 4, wallMs: 60_000 })
    let gib = 6
    const started: (Grant | null)[] = []
    const need = () => ({ memoryBytes: gib * GIB, gpus: 0, wallMs: 60_000 })
    for (let i = 0; i < 3; i++) void scheduler.take({ owner: 'a', need }, never).then((grant) => started.push(grant))
    await settled()
    expect(started).toEqual([])
    gib = 2
    // Two have room, the third lacks memory.
    expect(grants.get('a 1')?.widen()).toBe(2)
    await settled()
    expect(started).toHaveLength(2)
  })

  it('takes back what a job turned out not to need, and gives what there is', async () => {
    const { ask, settled, started, grants, scheduler } = machine({ cores: 4, gib: 8 })
    void ask('a 1', { gib: 6 })
    void ask('a 2', { gib: 4 })
    await settled()
    expect(started).toEqual(['a 1'])
    grants.get('a 1')?.adjust(GIB)
    await settled()
    expect(started).toEqual(['a 1', 'a 2'])
    grants.get('a 1')?.adjust(100 * GIB)
    expect(scheduler.heldBytes).toBe(8 * GIB)
  })

  it('asks anew what a job needs, since more is known when it may start', async () => {
    const { scheduler, ask, settled, end } = machine({ cores: 4, gib: 4 })
    void ask('a 1', { gib: 4 })
    await settled()
    let gib = 4
    const taken: (Grant | null)[] = []
    for (let i = 0; i < 4; i++)
      void scheduler
        .take({ owner: 'a', need: () => ({ memoryBytes: gib * GIB, gpus: 0, wallMs: 10 }) }, never)
        .then((grant) => taken.push(grant))
    gib = 1
    await end('a 1')
    expect(taken.map((grant) => grant?.memoryBytes)).toEqual([GIB, GIB, GIB, GIB])
  })

  it('keeps every bound and starts every job, whatever comes in whatever order', async () => {
    const job = fc.record({
      owner: fc.constantFrom('a', 'b', 'c'),
      gib: fc.integer({ min: 1, max: 10 }),
      gpus: fc.constantFrom(0, 0, 0, 1),
      wallMs: fc.integer({ min: 1, max: 5_000 }),
      actualMs: fc.integer({ min: 1, max: 10_000 }),
      at: fc.integer({ min: 0, max: 20_000 }),
      isWide: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(job, { maxLength: 40 }), async (jobs) => {
        const { scheduler, time, settled } = machine({ cores: 3, gib: 8, gpus: 1 })
        const ends: { at: number; grant: Grant; gpus: number }[] = []
        let started = 0
        const check = (): void => {
          expect(scheduler.heldBytes).toBeLessThanOrEqual(8 * GIB)
          expect(scheduler.heldBytes).toBe(ends.reduce((sum, { grant }) => sum + grant.memoryBytes, 0))
          expect(scheduler.busyCores).toBeLessThanOrEqual(4)
          expect(ends.reduce((sum, { gpus }) => sum + gpus, 0)).toBeLessThanOrEqual(1)
          // Nothing rests while somebody waits.
          if (scheduler.waiting > 0) expect(scheduler.running).toBeGreaterThan(0)
        }
        const left = jobs.toSorted((a, b) => a.at - b.at)
        for (;;) {
          const next = left[0]
          ends.sort((a, b) => a.at - b.at)
          const first = ends[0]
          if (next !== undefined && (first === undefined || next.at <= first.at)) {
            left.shift()
            time.now = Math.max(time.now, next.at)
            const need = () => ({ memoryBytes: next.gib * GIB, gpus: next.gpus, wallMs: next.wallMs })
            void scheduler.take({ owner: next.owner, need }, never).then((grant) => {
              if (grant === null) throw new Error('turned away')
              if (next.isWide) grant.widen()
              started++
              ends.push({ at: time.now + next.actualMs, grant, gpus: next.gpus })
            })
          } else if (first !== undefined) {
            ends.shift()
            time.now = Math.max(time.now, first.at)
            first.grant.release()
          } else break
          await settled()
          check()
        }
        expect(started).toBe(jobs.length)
        expect([scheduler.waiting, scheduler.running, scheduler.busyCores, scheduler.heldBytes]).toEqual([0, 0, 0, 0])
      }),
      { numRuns: 200 },
    )
  })

  it('tells of each change', async () => {
    const onChange = vi.fn()
    const { ask, settled, end } = machine({}, { onChange })
    void ask('a 1')
    await settled()
    expect(onChange).toHaveBeenCalledTimes(1)
    await end('a 1')
    expect(onChange).toHaveBeenCalledTimes(2)
  })
})
