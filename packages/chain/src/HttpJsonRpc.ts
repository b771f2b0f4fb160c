import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { JsonRpc } from './JsonRpc.ts'
import { readAnswer } from './readAnswer.ts'

/** A JSON-RPC endpoint over HTTP(S), with keep-alive. Redirects are not followed. */
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
    return readAnswer(await this.#post(body, timeoutMs)).result
  }

  close(): void {
    this.#agent.destroy()
  }

  #post(body: string, timeoutMs: number): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest
    const request = send(this.#url, {
      method: 'POST',
      agent: this.#agent,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    })
    // One clock for the whole exchange: an endpoint that sends a byte now and then is as bad as one that is silent.
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    request.on('error', reject)
    request.on('response', (response) => {
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
