import { AsyncLocalStorage } from 'node:async_hooks'
import type { Usage } from './prices.ts'

/** CloudWatch adds so many bytes to each log event it takes. */
const LOG_EVENT_BYTES = 26
/** Memory at which a function has one processor to itself. */
const MB_A_PROCESSOR = 1_769
const GB = 1e9

const running = new AsyncLocalStorage<Invocations>()
const stdout = process.stdout.write.bind(process.stdout)
// What a function writes to its stdout becomes its log.
process.stdout.write = (chunk: string | Uint8Array, ...others: unknown[]): boolean => {
  const own = running.getStore()
  if (own === undefined) return Reflect.apply(stdout, process.stdout, [chunk, ...others])
  own.log(String(chunk))
  return true
}

/** Counts a Lambda function's calls, the time they take here, and what it logs. */
export class Invocations {
  readonly memoryMb: number
  #calls = 0
  #wallMs = 0
  #lines: string[] = []

  constructor(memoryMb: number) {
    this.memoryMb = memoryMb
  }

  get calls(): number {
    return this.#calls
  }

  /** Lines that were logged since the last call of `take`. */
  get lines(): readonly string[] {
    return this.#lines
  }

  async run<T>(call: () => Promise<T>): Promise<T> {
    const started = performance.now()
    this.#calls++
    try {
      return await running.run(this, call)
    } finally {
      this.#wallMs += performance.now() - started
    }
  }

  log(line: string): void {
    this.#lines.push(line)
  }

  /**
   * What was counted since the last call.
   * @param billedMs milliseconds billed a call; absent: as long as it took here, were all of it work of a processor of which the function has its share
   */
  take(billedMs?: number): Usage {
    const ms = billedMs ?? ((this.#wallMs / Math.max(1, this.#calls)) * MB_A_PROCESSOR) / this.memoryMb
    const usage: Usage = {
      'lambda.request': this.#calls,
      'lambda.compute': (this.#calls * Math.ceil(ms) * this.memoryMb) / 1024 / 1_000,
      'logs.ingest': this.#lines.reduce((sum, line) => sum + Buffer.byteLength(line) + LOG_EVENT_BYTES, 0) / GB,
    }
    this.#calls = 0
    this.#wallMs = 0
    this.#lines = []
    return usage
  }
}

/** Milliseconds that work of one processor here takes a function. */
export const atMemory = (cpuMs: number, memoryMb: number): number => (cpuMs * MB_A_PROCESSOR) / memoryMb
