import type { Telemetry } from '@w3bstream/core'
import { W3bError } from '@w3bstream/protocol'
import type { Context, Hono } from 'hono'
import type { AppEnv } from './AppEnv.ts'
import { HttpError } from './errors/HttpError.ts'
import type { Reply } from './reply/Reply.ts'
import { type ErrorStyle, renderError } from './reply/renderError.ts'
import { type RequestId, RequestIds } from './request/RequestIds.ts'

export type Handler = (c: Context<AppEnv>) => Reply | Promise<Reply>

/** A route. */
export interface Endpoint {
  readonly method: 'get' | 'post' | 'delete'
  /** With `{parameters}`. */
  readonly path: string
}

const BASE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}
const CORS = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'retry-after, x-request-id' }

/**
 * A page of another site can post without asking where no header gives it away; browsers name its origin then, and devices name none.
 * @throws {HttpError} 403
 */
function refuseForeignPage(c: Context<AppEnv>): void {
  const origin = c.req.header('origin')
  if (origin === undefined) return
  const { host } = new URL(c.req.url)
  if (origin === `http://${host}` || origin === `https://${host}`) return
  throw HttpError.forbidden('A page of another site cannot post here.')
}

/** The application's routes: each mounted, measured, and its errors rendered, in one place. `openapi/` describes them. */
export class Endpoints {
  readonly #app: Hono<AppEnv>
  readonly #telemetry: Telemetry
  readonly #ids = new RequestIds()
  readonly #methods = new Map<string, { readonly pattern: RegExp; readonly methods: string[] }>()

  constructor(modules: { readonly app: Hono<AppEnv>; readonly telemetry: Telemetry }) {
    this.#app = modules.app
    this.#telemetry = modules.telemetry
    // A preflight says that reads are for all: no page can send or steer through a visitor's browser.
    modules.app.options('/v1/*', () => this.#respond(PREFLIGHT, { id: '', traceId: null }, 'v1', 'OPTIONS'))
    modules.app.notFound((c) => this.#unmatched(c))
    modules.app.onError((error, c) => this.#fail(c, error, 'unmatched', this.#ids.of(c), styleOf(c.req.path)))
  }

  add(endpoint: Endpoint, handler: Handler): void {
    const { method, path } = endpoint
    const known = this.#methods.get(path)
    const name = method.toUpperCase()
    if (known === undefined) this.#methods.set(path, { pattern: patternOf(path), methods: [name] })
    else known.methods.push(name)
    const style = styleOf(path)
    const labels = new Map<number, Record<string, string>>()
    // One handler a route and no middleware: Hono then calls it without composing.
    this.#app.on(name, path.replaceAll(/\{(\w+)\}/g, ':$1'), async (c) => {
      const startedMs = performance.now()
      const id = this.#ids.of(c)
      let response: Response
      try {
        if (name !== 'GET') refuseForeignPage(c)
        response = this.#respond(await handler(c), id, style, name)
      } catch (error) {
        response = this.#fail(c, error, path, id, style)
      }
      const { status } = response
      let label = labels.get(status)
      if (label === undefined) {
        label = { route: `${name} ${path}`, status: String(status) }
        labels.set(status, label)
      }
      this.#telemetry.observe('w3b_http_request_seconds', (performance.now() - startedMs) / 1000, label)
      return response
    })
  }

  #unmatched(c: Context<AppEnv>): Response {
    const { path, method } = c.req
    const allow = [...this.#methods.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap(({ methods }) => methods)
    const error = allow.length === 0 ? HttpError.noSuchPath(path) : HttpError.methodNotAllowed(method, allow)
    return this.#fail(c, error, 'unmatched', this.#ids.of(c), styleOf(path))
  }

  #fail(c: Context<AppEnv>, error: unknown, route: string, id: RequestId, style: ErrorStyle): Response {
    const reply = renderError(error, style)
    const fields = {
      route: `${c.req.method} ${route}`,
      status: reply.status,
      requestId: id.id,
      ...(id.traceId === null ? {} : { traceId: id.traceId }),
    }
    if (!(error instanceof W3bError))
      this.#telemetry.log('error', 'request failed', {
        ...fields,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
    else this.#telemetry.log(reply.status >= 500 ? 'warn' : 'debug', 'request refused', { ...fields, code: error.code })
    return this.#respond(reply, id, style, c.req.method)
  }

  #respond(reply: Reply, id: RequestId, style: ErrorStyle, method: string): Response {
    return new Response(reply.body, {
      status: reply.status,
      headers: {
        'content-type': reply.type,
        ...BASE_HEADERS,
        'x-request-id': id.id,
        ...(style === 'v1' && method === 'GET' ? CORS : {}),
        ...reply.headers,
      },
    })
  }
}

const PREFLIGHT: Reply = {
  status: 204,
  type: 'text/plain',
  body: null,
  headers: {
    ...CORS,
    'access-control-allow-methods': 'GET',
    'access-control-allow-headers': 'authorization, last-event-id, traceparent, x-request-id',
    'access-control-max-age': '86400',
  },
}

const styleOf = (path: string): ErrorStyle => (path.startsWith('/v1/') ? 'v1' : 'older')

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`)
