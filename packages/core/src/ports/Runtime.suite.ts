import { ProgramError, ProgramLimitError } from '@w3bstream/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ProveJob, Runtime } from './Runtime.ts'

/** A runtime with programs for it that behave in the ways that strangers' programs do. */
export interface RuntimeSubject {
  readonly runtime: Runtime
  /** Takes two jobs at least at the same time, each by a program that ends well within 20 s. */
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

  it('proves, and proves again', async () => {
    const { runtime, good } = subject
    for (const output of [await runtime.prove(good, never), await runtime.prove(good, never)]) {
      expect(output.proof.length).toBeGreaterThan(0)
      expect(output.raw).not.toBe('')
      expect(output.outputs).toMatch(/^0x(?:[0-9a-f]{64})*$/)
    }
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
    const [stopped, output] = await Promise.allSettled([runtime.prove(endless, never), runtime.prove(good, never)])
    expect(stopped).toMatchObject({ status: 'rejected', reason: expect.any(ProgramLimitError) })
    expect(output.status).toBe('fulfilled')
    expect(performance.now() - started).toBeLessThan(endless.limits.timeoutMs + 15_000)
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
