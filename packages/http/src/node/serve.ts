import { createServer } from 'node:http'
import type { Hono } from 'hono'
import type { AppEnv } from '../AppEnv.ts'
import { AddressInUseError } from '../errors/AddressInUseError.ts'
import { ListenFailedError } from '../errors/ListenFailedError.ts'
import { nodeListener } from './nodeListener.ts'

export interface ServeOptions {
  readonly app: Hono<AppEnv>
  /** 0: any that is free. */
  readonly port: number
  /** Default 127.0.0.1. */
  readonly hostname?: string
  /** Milliseconds that a request may take to arrive. Default 30,000. */
  readonly requestTimeoutMs?: number
  /** Milliseconds that its headers may take. Default 10,000. */
  readonly headersTimeoutMs?: number
  /** Milliseconds between looks at those two. Default 5,000. */
  readonly checkEveryMs?: number
  /** Milliseconds for requests in flight when the server stops. Default 5,000. */
  readonly graceMs?: number
  /** Connections at once. Default 4,096. */
  readonly maxConnections?: number
}

/** A server that listens. */
export interface Serving {
  /** `http://127.0.0.1:9000` */
  readonly url: string
  readonly port: number
  /** Takes no more connections, ends event streams, lets requests in flight finish for a while, and resolves when all is closed. */
  close(): Promise<void>
}

/** Serves the application over HTTP. @throws {AddressInUseError} @throws {ListenFailedError} */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { app, port, hostname = '127.0.0.1', graceMs = 5_000 } = options
  const closing = new AbortController()
  const server = createServer(
    {
      requestTimeout: options.requestTimeoutMs ?? 30_000,
      headersTimeout: options.headersTimeoutMs ?? 10_000,
      connectionsCheckingInterval: options.checkEveryMs ?? 5_000,
      // Longer than the idle timeout of the usual load balancers: they must not meet a closed connection.
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16_384,
    },
    nodeListener(app, closing.signal),
  )
  server.maxConnections = options.maxConnections ?? 4_096
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: Error & { code?: string }) =>
      reject(
        cause.code === 'EADDRINUSE'
          ? new AddressInUseError({ hostname, port, cause })
          : new ListenFailedError({ hostname, port, reason: cause.code ?? cause.message, cause }),
      ),
    )
    server.listen(port, hostname, resolve)
  })
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  let closed: Promise<void> | null = null
  return {
    url: `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${bound}`,
    port: bound,
    close() {
      closed ??= new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), graceMs)
        server.close(() => {
          clearTimeout(timer)
          resolve()
        })
        closing.abort()
        server.closeIdleConnections()
      })
      return closed
    },
  }
}
