import { request } from 'node:http'

/** An answer with its body as text. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The body as JSON. */
  readonly json: unknown
}

/** Sends exactly these bytes and headers: no Content-Type of its own, a body with any method, chunked where no length is given. */
export function send(
  url: string,
  options: {
    readonly method?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string | readonly string[]
  } = {},
): Promise<Answer> {
  const { method = 'GET', body } = options
  const framing: Record<string, string> =
    typeof body === 'string'
      ? { 'content-length': String(Buffer.byteLength(body)) }
      : body === undefined
        ? {}
        : { 'transfer-encoding': 'chunked' }
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: { ...framing, ...options.headers }, agent: false }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text,
          get json() {
            return JSON.parse(text)
          },
        })
      })
    })
    sent.on('error', reject)
    for (const part of typeof body === 'string' ? [body] : (body ?? [])) sent.write(part)
    sent.end()
  })
}

/** {@link send} of a POST with a JSON body. */
export function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return send(url, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers })
}
