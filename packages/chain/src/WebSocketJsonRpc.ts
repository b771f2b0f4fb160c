import type { JsonRpc } from './JsonRpc.ts'
import { readAnswer } from './readAnswer.ts'

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/** A JSON-RPC endpoint over a WebSocket, opened when first needed and again after it was lost. */
export class WebSocketJsonRpc implements JsonRpc {
  readonly name: string
  readonly #url: URL
  readonly #maxResponseBytes: number
  readonly #waiting = new Map<number, Waiting>()
  #socket: Promise<WebSocket> | null = null
  #next = 1

  constructor(url: URL, maxResponseBytes: number) {
    this.name = url.host
    this.#url = url
    this.#maxResponseBytes = maxResponseBytes
  }

  async request(method: string, params: readonly unknown[], timeoutMs: number): Promise<unknown> {
    const id = this.#next++
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#waiting.set(id, { resolve, reject })
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${timeoutMs} ms`))
      // A socket that is silent may be half open: the next request gets a new one.
      this.close()
    }, timeoutMs)
    this.#socket ??= this.#open()
    this.#socket.then(
      (socket) => socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params })),
      (error) => reject(error),
    )
    return promise.finally(() => {
      clearTimeout(timer)
      this.#waiting.delete(id)
    })
  }

  close(): void {
    const socket = this.#socket
    this.#socket = null
    socket?.then(
      (open) => open.close(),
      // It never opened: whoever asked was told so.
      () => {},
    )
  }

  #open(): Promise<WebSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<WebSocket>()
    const socket = new WebSocket(this.#url)
    const lost = () => {
      const error = new Error('the connection was lost')
      reject(error)
      if (this.#socket === promise) this.#socket = null
      for (const waiting of this.#waiting.values()) waiting.reject(error)
    }
    socket.addEventListener('open', () => resolve(socket))
    socket.addEventListener('error', lost)
    socket.addEventListener('close', lost)
    socket.addEventListener('message', ({ data }) => this.#take(data))
    return promise
  }

  #take(data: unknown): void {
    if (typeof data !== 'string' || data.length > this.#maxResponseBytes) {
      // Whose answer it is cannot be told without reading it: all that wait ask again elsewhere.
      for (const waiting of this.#waiting.values()) waiting.reject(new Error('the answer is too large or not text'))
      this.close()
      return
    }
    const waiting = this.#waiting.get(answerId(data))
    if (waiting === undefined) return
    try {
      waiting.resolve(readAnswer(data).result)
    } catch (error) {
      waiting.reject(error instanceof Error ? error : new Error('no answer'))
    }
  }
}

function answerId(text: string): number {
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer === 'object' && answer !== null && 'id' in answer && typeof answer.id === 'number')
      return answer.id
  } catch {
    // Not JSON: nobody's answer.
  }
  return -1
}
