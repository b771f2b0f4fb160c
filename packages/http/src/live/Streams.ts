import type { Context } from 'hono'
import type { AppEnv } from '../AppEnv.ts'
import { HttpError } from '../errors/HttpError.ts'
import type { Reply } from '../reply/Reply.ts'

/** One server-sent event; `id` is what `Last-Event-ID` brings back. */
export interface ServerSentEvent {
  readonly id: string
  readonly event: string
  readonly data: unknown
}

const utf8 = new TextEncoder()

/** Answers with server-sent events (HTML Living Standard, section 9.2), bounded in number and time. */
export class Streams {
  readonly #max: number
  readonly #streamMs: number
  readonly #heartbeatMs: number
  #open = 0

  constructor(options: { readonly max: number; readonly streamMs: number; readonly heartbeatMs: number }) {
    this.#max = options.max
    this.#streamMs = options.streamMs
    this.#heartbeatMs = options.heartbeatMs
  }

  /**
   * @param make the events; has to end soon after its signal aborts: the caller left, the server stops, or the time is over
   * @throws {HttpError} 503
   */
  reply(c: Context<AppEnv>, make: (signal: AbortSignal) => AsyncIterable<ServerSentEvent>): Reply {
    if (this.#open >= this.#max) throw HttpError.overloaded('event streams')
    this.#open++
    const stop = new AbortController()
    const abort = (): void => stop.abort()
    const timer = setTimeout(abort, this.#streamMs)
    const closing = c.env?.closing
    closing?.addEventListener('abort', abort)
    if (closing?.aborted) abort()
    let heartbeat: ReturnType<typeof setInterval> | undefined
    let ended = false
    const end = (): void => {
      if (ended) return
      ended = true
      clearTimeout(timer)
      clearInterval(heartbeat)
      closing?.removeEventListener('abort', abort)
      stop.abort()
      this.#open--
    }
    const events = make(stop.signal)[Symbol.asyncIterator]()
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        // The client comes back a second after the stream ends.
        controller.enqueue(utf8.encode('retry: 1000\n\n'))
        heartbeat = setInterval(() => {
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(utf8.encode(':\n\n'))
        }, this.#heartbeatMs)
      },
      pull: async (controller) => {
        try {
          const next = await events.next()
          if (next.done !== true) return controller.enqueue(utf8.encode(format(next.value)))
          end()
          controller.close()
        } catch (error) {
          end()
          controller.error(error)
        }
      },
      cancel: async () => {
        end()
        await events.return?.()
      },
    })
    return {
      status: 200,
      type: 'text/event-stream; charset=utf-8',
      body,
      headers: { 'x-accel-buffering': 'no' },
    }
  }
}

const format = ({ id, event, data }: ServerSentEvent): string =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
