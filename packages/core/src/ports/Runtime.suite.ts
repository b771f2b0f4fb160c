import { ProgramError, ProgramLimitError, UnsupportedRuntimeError } from '@w3bstream/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ProveJob, ProveProgress, Reservation, Runtime } from './Runtime.ts'

/** A runtime with programs for it that behave in the ways that strangers' programs do. */
export interface RuntimeSubject {
  readonly runtime: Runtime
  /** By a program that leaves room for another at the same time. */
  readonly good: ProveJob
  /** A program that refuses its input or fails by its own doing. */
  readonly failing: ProveJob
  /** A program that never ends, with a time limit of at most 2 s. */
  readonly endless: ProveJob
  /** A program that takes memory until its limit stops it. */
  readonly hungry: ProveJob
  /** Bytes that are no program. */
  readonly broken: ProveJob
  close(): Promise<void>
}

/** What every Runtime does with programs that it does not trust. */
export const runtimeSuite = (make: () => Promise<RuntimeSubject>): void => {
  let subject: RuntimeSubject
  const never = new AbortController().signal
  beforeAll(async () => {
    subject = await make()
  })
  afterAll(() => subject.close())

  // One test, and two proofs alone: in some runtimes each takes half a minute.
  it('proves, and proves again; tells how far it is in order, and nothing after it is done; executes where it can', async () => {
    const { runtime, good } = subject
    const told: ProveProgress[] = []
    const first = await runtime.prove(good, never, (progress) => told.push(progress))
    const count = told.length
    const second = await runtime.prove(good, never)
    expect(told).toHaveLength(count)
    for (const { done, planned } of told) {
      expect(done).toBeGreaterThanOrEqual(0)
      expect(done).toBeLessThanOrEqual(planned)
    }
    const proving = told.filter(({ phase }) => phase === 'proving').map(({ done }) => done)
    expect(proving).toEqual(proving.toSorted((a, b) => a - b))
    for (const { proof, raw, outputs, usage } of [first, second]) {
      expect(proof.length).toBeGreaterThan(0)
      expect(raw).not.toBe('')
      expect(outputs).toMatch(/^0x(?:[0-9a-f]{64})*$/)
      if (usage === undefined) continue
      expect(usage.memoryBytes).toBeGreaterThan(0)
      expect(usage.cpuMs).toBeGreaterThanOrEqual(0)
    }
    const execution = await runtime.execute?.(good, never).catch((error: unknown) => error)
    if (execution === undefined || execution instanceof UnsupportedRuntimeError) return
    expect(execution).toMatchObject({ outputs: second.outputs })
  })

  it('proves in a place that was reserved, once it is given', async () => {
    const { runtime, good, failing } = subject
    if (runtime.reserve === undefined) return
    const reserve = async ({ taskId, task, limits }: ProveJob): Promise<Reservation> => {
      const reservation = await runtime.reserve?.({ taskId, task, limits }, never)
      if (!reservation) throw new TypeError('there is no place')
      return reservation
    }
    // A place that was used, or never was, is another's after it was given back.
    for (let i = 0; i < 4; i++) (await reserve(good)).release()
    const first = await reserve(good)
    expect((await first.prove(good, never)).proof.length).toBeGreaterThan(0)
    for (let i = 0; i < 2; i++) first.release()
    const second = await reserve(failing)
    await expect(second.prove(failing, never)).rejects.toThrow(ProgramError)
    second.release()
    const { taskId, task, limits } = good
    const reason = new Error('no longer wanted')
    await expect(runtime.reserve({ taskId, task, limits }, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  it('says why a program failed', async () => {
    const { runtime, failing } = subject
    await expect(runtime.prove(failing, never)).rejects.toThrow(ProgramError)
  })

  it('refuses what is no program', async () => {
    const { runtime, broken } = subject
    await expect(runtime.prove(broken, never)).rejects.toThrow(ProgramError)
  })

  it('stops a program at its time limit, while another goes on', async () => {
    const { runtime, good, endless } = subject
    const started = performance.now()
    let tookMs = Number.POSITIVE_INFINITY
    const stopping = runtime.prove(endless, never).finally(() => {
      tookMs = performance.now() - started
    })
    const [stopped, output] = await Promise.allSettled([stopping, runtime.prove(good, never)])
    expect(stopped).toMatchObject({ status: 'rejected', reason: expect.any(ProgramLimitError) })
    expect(output.status).toBe('fulfilled')
    expect(tookMs).toBeLessThan(endless.limits.timeoutMs + 15_000)
  })

  it('stops a program at its memory limit, while another goes on', async () => {
    const { runtime, good, hungry } = subject
    const [stopped, output] = await Promise.allSettled([runtime.prove(hungry, never), runtime.prove(good, never)])
    expect(stopped).toMatchObject({ status: 'rejected', reason: expect.any(ProgramLimitError) })
    expect(output.status).toBe('fulfilled')
  })

  it('lets go at once when it is told to stop', async () => {
    const { runtime, endless } = subject
    const reason = new Error('no longer wanted')
    await expect(runtime.prove(endless, AbortSignal.abort(reason))).rejects.toBe(reason)
    const stop = new AbortController()
    const job: ProveJob = { ...endless, limits: { ...endless.limits, timeoutMs: 120_000 } }
    const running = runtime.prove(job, stop.signal)
    stop.abort(reason)
    await expect(running).rejects.toBe(reason)
  })
}
