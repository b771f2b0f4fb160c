import type { HttpHost } from './HttpHost.ts'

/** An answer, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The body as JSON. */
  readonly json: unknown
}

export interface SendOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** In parts: without a declared length. */
  readonly body?: string | readonly string[]
}

/** Sends requests to a host, from one address, with no header that is not asked for. */
export class Caller {
  readonly #host: Pick<HttpHost, 'origin' | 'fetch'>

  constructor(host: Pick<HttpHost, 'origin' | 'fetch'>) {
    this.#host = host
  }

  async send(path: string, options: SendOptions = {}): Promise<Answer> {
    const response = await this.open(path, options)
    const text = await response.text()
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      text,
      get json() {
        return JSON.parse(text)
      },
    }
  }

  post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send(path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers })
  }

  /** {@link send} without reading the body. */
  open(path: string, options: SendOptions = {}): Promise<Response> {
    const { method = 'GET', headers = {}, body } = options
    const init: RequestInit & { duplex?: 'half' } = { method, headers: { ...headers } }
    if (typeof body === 'string') init.body = new TextEncoder().encode(body)
    else if (body !== undefined) {
      const parts = body.map((part) => new TextEncoder().encode(part))
      init.body = ReadableStream.from(parts)
      init.duplex = 'half'
    }
    return this.#host.fetch(new Request(`${this.#host.origin}${path}`, init))
  }
}
