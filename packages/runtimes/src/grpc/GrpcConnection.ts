import { Client, type ClientOptions, connectivityState, credentials, Metadata, status } from '@grpc/grpc-js'
import { z } from 'zod'
import { untilAborted } from '../untilAborted.ts'
import { GrpcFailure } from './GrpcFailure.ts'
import type { GrpcMethod } from './protocols.ts'
import type { RuntimeAddress } from './readRuntimeAddress.ts'

export interface GrpcConnectionOptions {
  /** Largest answer, in bytes: more is refused before it is held. Default 64 MiB: a composite receipt of some 250 segments. */
  readonly answerBytes?: number
  /** Longest wait for a connection, tries with growing pauses in it. Default 5 s. */
  readonly connectMs?: number
}

/** How one call is made. */
export interface GrpcCall<T> {
  readonly request: object
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Reads each answer. */
  readonly read: z.ZodType<T>
}

/** Answers of one stream: a server that sends more floods. */
const MOST_ANSWERS = 100_000

const never = new AbortController().signal
const failed = z.object({ code: z.number(), details: z.string() })

/**
 * One server of any protocol. Connects with the first call, and again by itself, with growing pauses; every call has a deadline and a bound on its answer.
 */
export class GrpcConnection {
  readonly #client: Client
  readonly #connectMs: number
  readonly #running = new Set<() => void>()
  #generation = 0
  #connecting: Promise<void> | null = null
  #closed = false

  constructor(
    address: RuntimeAddress,
    { answerBytes = 64 * 1024 ** 2, connectMs = 5_000 }: GrpcConnectionOptions = {},
  ) {
    const options: ClientOptions = {
      'grpc.max_receive_message_length': answerBytes,
      'grpc.max_send_message_length': -1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.min_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 5_000,
      // An address is taken as it is: no proxy of the environment, no settings from DNS, no call that is sent twice.
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.enable_retries': 0,
    }
    this.#client = new Client(
      address.target,
      address.tls ? credentials.createSsl() : credentials.createInsecure(),
      options,
    )
    this.#connectMs = connectMs
  }

  /**
   * Waits for a connection.
   * @returns a number that is another one after each reconnection: what the server was told before, it may have forgotten
   * @throws {GrpcFailure} and what `signal` was aborted with
   */
  async ready(signal: AbortSignal): Promise<number> {
    signal.throwIfAborted()
    if (this.#closed) throw closed()
    // A connection that ended stays so until it is asked for again.
    if (this.#client.getChannel().getConnectivityState(false) !== connectivityState.READY) {
      this.#connecting ??= this.#connect().finally(() => {
        this.#connecting = null
      })
      await untilAborted(this.#connecting, signal)
    }
    return this.#generation
  }

  /** For all who wait: none of them ends it. */
  async #connect(): Promise<void> {
    this.#generation += 1
    await this.#held<void>(never, (resolve, reject) => {
      this.#client.waitForReady(Date.now() + this.#connectMs, (error) =>
        error === undefined
          ? resolve()
          : reject(new GrpcFailure('unreachable', `no connection within ${this.#connectMs} ms`, status.UNAVAILABLE)),
      )
      return () => {}
    })
  }

  /** @throws {GrpcFailure} and what `signal` was aborted with */
  async unary<T>(method: GrpcMethod, { request, timeoutMs, signal, read }: GrpcCall<T>): Promise<T> {
    await this.ready(signal)
    const answer = await this.#held<unknown>(signal, (resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        new Metadata(),
        { deadline: Date.now() + timeoutMs },
        (error, value) => (error === null ? resolve(value) : reject(failureOf(error, timeoutMs))),
      )
      return () => call.cancel()
    })
    return parsed(read, answer)
  }

  /**
   * Calls `take` with each answer, in order, and never after the promise settled.
   * @throws {GrpcFailure}, what `signal` was aborted with, and what `take` threw
   */
  async stream<T>(method: GrpcMethod, call: GrpcCall<T>, take: (answer: T) => void): Promise<void> {
    const { request, timeoutMs, signal, read } = call
    await this.ready(signal)
    await this.#held<void>(signal, (resolve, reject) => {
      const stream = this.#client.makeServerStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        new Metadata(),
        { deadline: Date.now() + timeoutMs },
      )
      let answers = 0
      let over = false
      const end = (settle: () => void): void => {
        over = true
        settle()
      }
      stream.on('data', (answer: unknown) => {
        if (over) return
        try {
          answers += 1
          if (answers > MOST_ANSWERS) throw nonsense(`it sent more than ${MOST_ANSWERS} answers to one call`)
          take(parsed(read, answer))
        } catch (error) {
          end(() => reject(error))
          stream.cancel()
        }
      })
      stream.on('error', (error: unknown) => end(() => reject(failureOf(error, timeoutMs))))
      stream.on('end', () => end(resolve))
      return () => {
        over = true
        stream.cancel()
      }
    })
  }

  /** Ends every call under way. */
  close(): void {
    this.#closed = true
    for (const cancel of this.#running) cancel()
    this.#client.close()
  }

  /** Settles as `start` does, or at once when the signal aborts or the connection is closed; `start` returns how to stop. */
  #held<T>(
    signal: AbortSignal,
    start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
  ): Promise<T> {
    signal.throwIfAborted()
    if (this.#closed) throw closed()
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const stop = start(resolve, reject)
    const onAbort = (): void => {
      reject(signal.reason)
      stop()
    }
    const onClose = (): void => {
      reject(closed())
      stop()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    this.#running.add(onClose)
    return promise.finally(() => {
      signal.removeEventListener('abort', onAbort)
      this.#running.delete(onClose)
    })
  }
}

const closed = (): GrpcFailure => new GrpcFailure('lost', 'the connection was closed', status.CANCELLED)
const nonsense = (reason: string): GrpcFailure => new GrpcFailure('nonsense', reason, status.INTERNAL)

function parsed<T>(read: z.ZodType<T>, answer: unknown): T {
  const result = read.safeParse(answer)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw nonsense(`its answer is none of the protocol's: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim())
}

/** Texts that grpc-js itself writes into `details`, where a status alone does not tell what happened. */
const TOO_LARGE = /^Received message (?:larger than max|that decompresses to a size larger than)/
const UNREADABLE = /^(?:Response message parsing error|Failed to decompress|No message received)/
const RESET = /^(?:Received RST_STREAM|Bandwidth exhausted|Write (?:error|failed))/

function failureOf(error: unknown, timeoutMs: number): GrpcFailure {
  const read = failed.safeParse(error)
  if (!read.success) return nonsense(String(error).slice(0, 500))
  const { code } = read.data
  const details = read.data.details.slice(0, 2048)
  if (TOO_LARGE.test(details)) return new GrpcFailure('nonsense', 'its answer is larger than this node takes', code)
  if (UNREADABLE.test(details)) return new GrpcFailure('nonsense', `its answer cannot be read: ${details}`, code)
  if (code === status.DEADLINE_EXCEEDED) return new GrpcFailure('late', `no answer within ${timeoutMs} ms`, code)
  if (code === status.UNAVAILABLE || code === status.CANCELLED || RESET.test(details))
    return new GrpcFailure('lost', details, code)
  return new GrpcFailure('refused', details, code)
}
