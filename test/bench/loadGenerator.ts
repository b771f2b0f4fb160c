import { connect } from 'node:net'

/** One run of load over keep-alive connections, each with one request in flight. */
export interface LoadOptions {
  readonly port: number
  readonly path: string
  readonly connections: number
  readonly durationMs: number
  /** Makes the next request's body; null when there are none left: the run ends early. */
  readonly body: () => string | null
  /** Headers beside host and content-length. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What a run measured; latencies in milliseconds. */
export interface LoadResult {
  readonly requests: number
  readonly failed: number
  readonly seconds: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** The first answer that was not a success. */
  readonly firstFailure: string | null
}

/**
 * Loads an HTTP server on 127.0.0.1 and measures each answer. Written for little overhead, since generator and server share the cores: raw sockets,
 * and no more parsing than status and length.
 */
export async function generateLoad(o: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = []
  let failed = 0
  let firstFailure: string | null = null
  const extra = Object.entries(o.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `POST ${o.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${extra.join('')}content-length: `
  const started = performance.now()
  const until = started + o.durationMs
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(o.port, '127.0.0.1')
      socket.setNoDelay(true)
      let sent = 0
      let answer: Buffer = Buffer.alloc(0)
      const next = (): void => {
        const body = performance.now() < until ? o.body() : null
        if (body === null) {
          socket.end()
          resolve()
          return
        }
        sent = performance.now()
        socket.write(`${head}${Buffer.byteLength(body)}\r\n\r\n${body}`)
      }
      socket.on('connect', next)
      socket.on('error', reject)
      socket.on('data', (chunk: Buffer) => {
        answer = answer.length === 0 ? chunk : Buffer.concat([answer, chunk])
        const end = answer.indexOf('\r\n\r\n')
        if (end < 0) return
        const headers = answer.toString('latin1', 0, end)
        const length = /content-length: (\d+)/i.exec(headers)?.[1]
        if (length === undefined) return reject(new Error(`an answer without a length: ${headers}`))
        if (answer.length < end + 4 + Number(length)) return
        latencies.push(performance.now() - sent)
        if (!headers.startsWith('HTTP/1.1 2')) {
          failed++
          firstFailure ??= answer.toString()
        }
        answer = Buffer.alloc(0)
        next()
      })
    })
  await Promise.all(Array.from({ length: o.connections }, one))
  const seconds = (performance.now() - started) / 1000
  latencies.sort((a, b) => a - b)
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
  return {
    requests: latencies.length,
    failed,
    seconds,
    perSecond: (latencies.length - failed) / seconds,
    p50: at(0.5),
    p99: at(0.99),
    max: at(1),
    firstFailure,
  }
}
