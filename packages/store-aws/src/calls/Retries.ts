import { AwsError } from './AwsError.ts'
import type { AwsOptions } from './AwsOptions.ts'

const MAX_DELAY_MS = 2_000
/** No attempt begins later: a function has to tell its caller before its own time is over. */
const LATEST_MS = 15_000
/** Retries that may be under way before calls fail at their first error; each success gives a part back. */
const BUDGET = 100
const REFILL = 0.2

/**
 * Tries calls again while that may help: each attempt has a time limit, the pauses between them grow at random up to a bound (full jitter), none begins
 * after 15 seconds, and a budget over all calls keeps retries from piling up on a service that is down.
 */
export class Retries {
  readonly #attempts: number
  readonly #delayMs: number
  #budget = BUDGET

  constructor(options: Pick<AwsOptions, 'attempts' | 'retryDelayMs'>) {
    this.#attempts = options.attempts ?? 5
    this.#delayMs = options.retryDelayMs ?? 50
  }

  /**
   * @param attempt has to throw AwsError, and to end when its signal says so
   * @throws {AwsError} of the last attempt; code `Aborted` where the caller's signal ended it
   */
  async run<T>(
    attempt: (signal: AbortSignal) => Promise<T>,
    p: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<T> {
    const latest = performance.now() + LATEST_MS
    const isOver = (tried: number): boolean =>
      tried >= this.#attempts || this.#budget < 1 || performance.now() >= latest
    for (let tried = 1; ; tried++) {
      try {
        const result = await within(attempt, p)
        this.#budget = Math.min(BUDGET, this.#budget + REFILL)
        return result
      } catch (error) {
        if (!(error instanceof AwsError) || !error.retryable || isOver(tried)) throw error
        this.#budget--
        await pause(Math.random() * Math.min(MAX_DELAY_MS, this.#delayMs * 2 ** (tried - 1)), p.signal)
      }
    }
  }
}

/** One attempt with its time limit. */
async function within<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<T> {
  if (isAborted(signal)) throw aborted()
  const limit = new AbortController()
  const stop = (): void => limit.abort()
  const timer = setTimeout(stop, timeoutMs)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    return await attempt(limit.signal)
  } catch (cause) {
    if (isAborted(signal)) throw aborted(cause)
    if (!limit.signal.aborted) throw cause
    const message = `no answer within ${timeoutMs} ms`
    throw new AwsError({ code: 'Timeout', message, status: 0, retryable: true, cause })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(aborted())
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
    if (isAborted(signal)) stop()
  })
}

/** A call, so that the compiler does not take what it said once for what it says later. */
const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true

const aborted = (cause?: unknown): AwsError =>
  new AwsError({ code: 'Aborted', message: 'the caller gave the call up', status: 0, retryable: false, cause })
