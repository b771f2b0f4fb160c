import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi'
import type { Telemetry } from '@w3bstream/core'
import { W3bError } from '@w3bstream/protocol'
import type { Context } from 'hono'
import type { AppEnv } from './AppEnv.ts'
import { HttpError } from './errors/HttpError.ts'
import type { Reply } from './reply/Reply.ts'
import { type ErrorStyle, renderError } from './reply/renderError.ts'
import { type RequestId, RequestIds } from './request/RequestIds.ts'
import { schemas } from './v1/schemas.ts'

export type Handler = (c: Context<AppEnv>) => Reply | Promise<Reply>

/** A route as the OpenAPI document has it. */
export interface Endpoint {
  readonly method: 'get' | 'post' | 'delete'
  /** With `{parameters}`. */
  readonly path: string
  readonly tag: 'messages' | 'tasks' | 'projects' | 'tokens' | 'events' | 'system' | 'older'
  readonly summary: string
  readonly description?: string
  readonly query?: z.ZodObject
  readonly headers?: z.ZodObject
  readonly body?: { readonly type?: string; readonly schema: z.ZodType }
  readonly answer: {
    readonly status?: number
    readonly type?: string
    readonly schema?: z.ZodType
    readonly is: string
  }
  /** When it answers 204. */
  readonly nothing?: string
  /** Statuses of its errors. */
  readonly errors?: readonly (400 | 401 | 403 | 404 | 409 | 413 | 422 | 429 | 501 | 503)[]
  /** `optional`: what it shows or does depends on the token. */
  readonly token?: 'optional' | 'required'
}

const ERRORS = {
  400: 'A field is missing or wrong.',
  401: 'A token or signature is missing or wrong.',
  403: 'The token is not for this.',
  404: 'There is no such thing (yet).',
  409: 'It contradicts what is there.',
  413: 'Too large.',
  422: 'The file or program is not valid.',
  429: 'A quota is used up; `Retry-After` says for how long.',
  501: 'Not configured here.',
  503: 'Not now; `Retry-After` says when.',
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

/** The application's routes: each mounted, documented, measured, and its errors rendered, in one place. */
export class Endpoints {
  readonly #app: OpenAPIHono<AppEnv>
  readonly #telemetry: Telemetry
  readonly #ids = new RequestIds()
  readonly #methods = new Map<string, { readonly pattern: RegExp; readonly methods: string[] }>()

  constructor(modules: { readonly app: OpenAPIHono<AppEnv>; readonly telemetry: Telemetry }) {
    this.#app = modules.app
    this.#telemetry = modules.telemetry
    // A preflight says that reads are for all: no page can send or steer through a visitor's browser.
    modules.app.options('/v1/*', () => this.#respond(PREFLIGHT, { id: '', traceId: null }, 'v1', 'OPTIONS'))
    modules.app.notFound((c) => this.#unmatched(c))
    modules.app.onError((error, c) => this.#fail(c, error, 'unmatched', this.#ids.of(c), styleOf(c.req.path)))
  }

  add(endpoint: Endpoint, handler: Handler): void {
    const { method, path } = endpoint
    this.#app.openAPIRegistry.registerPath(document(endpoint))
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

function document(endpoint: Endpoint): RouteConfig {
  const {
    method,
    path,
    tag,
    summary,
    description,
    query,
    headers,
    body,
    answer,
    nothing,
    errors = [],
    token,
  } = endpoint
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
  const older = styleOf(path) === 'older'
  return {
    method,
    path,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(token === undefined ? {} : { security: token === 'required' ? [{ token: [] }] : [{}, { token: [] }] }),
    request: {
      ...(parameters.length === 0
        ? {}
        : { params: z.object(Object.fromEntries(parameters.map((p) => [p, z.string()]))) }),
      ...(query === undefined ? {} : { query }),
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined
        ? {}
        : { body: { required: true, content: { [body.type ?? 'application/json']: { schema: body.schema } } } }),
    },
    responses: {
      [answer.status ?? 200]: {
        description: answer.is,
        ...(answer.schema === undefined
          ? {}
          : { content: { [answer.type ?? 'application/json']: { schema: answer.schema } } }),
      },
      ...(nothing === undefined ? {} : { 204: { description: nothing } }),
      ...Object.fromEntries(
        errors.map((status) => [
          status,
          {
            description: ERRORS[status],
            content: { 'application/json': { schema: older ? z.object({ error: z.string() }) : schemas.error } },
          },
        ]),
      ),
    },
  }
}
