import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { JsonRpc } from './JsonRpc.ts'
import { readAnswer } from './readAnswer.ts'

/**
 * A JSON-RPC endpoint over HTTP(S), with keep-alive. Redirects are not followed. A request that meets a kept connection which the endpoint has closed
 * meanwhile, as after a pause of the whole process, is sent once more on a new one: each may be repeated, bytes to be broadcast among them.
 */
export class HttpJsonRpc implements JsonRpc {
  readonly name: string
  readonly #url: URL
  readonly #maxResponseBytes: number
  readonly #agent: HttpAgent | HttpsAgent
  #next = 1

  constructor(url: URL, maxResponseBytes: number) {
    this.name = url.host
    this.#url = url
    this.#maxResponseBytes = maxResponseBytes
    this.#agent = new (url.protocol === 'https:' ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: 16 })
  }

  async request(method: string, params: readonly unknown[], timeoutMs: number): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: this.#next++, method, params })
    return readAnswer(await this.#post(body, timeoutMs, this.#agent)).result
  }

  close(): void {
    this.#agent.destroy()
  }

  /** @param agent false: a new connection, for this request alone */
  #post(body: string, timeoutMs: number, agent: HttpAgent | HttpsAgent | false): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest
    const request = send(this.#url, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    })
    // One clock for the whole exchange: an endpoint that sends a byte now and then is as bad as one that is silent.
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    let answered = false
    request.on('error', (error: NodeJS.ErrnoException) => {
      const isGone = error.code === 'ECONNRESET' || error.code === 'EPIPE'
      if (request.reusedSocket && isGone && !answered) this.#post(body, timeoutMs, false).then(resolve, reject)
      else reject(error)
    })
    request.on('response', (response) => {
      answered = true
      this.#read(response).then(resolve, (error) => {
        request.destroy()
        reject(error)
      })
    })
    request.end(body)
    return promise.finally(() => clearTimeout(timer))
  }

  async #read(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of response) {
      const bytes = Buffer.from(chunk)
      length += bytes.length
      if (length > this.#maxResponseBytes) throw new Error(`the answer is over ${this.#maxResponseBytes} bytes`)
      chunks.push(bytes)
    }
    const text = Buffer.concat(chunks).toString('utf8')
    const status = response.statusCode ?? 0
    // Some nodes answer a JSON-RPC error with status 4xx: that is still an answer. Overload is not.
    if (status === 429 || status >= 500 || (status !== 200 && !text.startsWith('{'))) throw new Error(`HTTP ${status}`)
    return text
  }
}
