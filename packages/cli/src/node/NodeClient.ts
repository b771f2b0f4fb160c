import { setTimeout as wait } from 'node:timers/promises'
import { W3bError } from '@w3bstream/protocol'
import type * as z from 'zod'
import { NodeAnswerError } from '../errors/NodeAnswerError.ts'
import { NodeUnreachableError } from '../errors/NodeUnreachableError.ts'
import { UsageError } from '../errors/UsageError.ts'
import { answers } from './answers.ts'
import { readEvents, type ServerEvent } from './readEvents.ts'

const MAX_ANSWER = 32 * 1024 * 1024
const TIMEOUT_MS = 30_000
/** A node writes a heartbeat every 15 s: a stream that is silent for longer is dead. */
const SILENCE_MS = 45_000
const RECONNECT_MS = 500
const NO_TOKEN =
  'Put a token into W3B_TOKEN or --token-file, or name the data directory of a local node with --data-dir.'

export interface NodeRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly json?: unknown
  readonly bytes?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

/** A node's `/v1`, over HTTP. */
export class NodeClient {
  readonly url: string
  readonly #token: string | null

  /** @param p.token secret of a token, or null. @throws {UsageError} the URL is not one of a node */
  constructor(p: { readonly url: string; readonly token: string | null }) {
    const url = URL.canParse(p.url) ? new URL(p.url) : null
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
      throw new UsageError('The node’s URL has to be http://… or https://….')
    if (url.username !== '' || url.password !== '')
      throw new UsageError('The node’s URL must not carry credentials.', 'Put the token into W3B_TOKEN.')
    this.url = url.href.replace(/\/+$/, '')
    this.#token = p.token
  }

  /**
   * Asks once.
   * @returns the answer, as far as `schema` reads it, with all else it had
   * @throws {NodeUnreachableError} @throws {NodeAnswerError} the node refused
   */
  async ask<T extends z.ZodType>(path: string, schema: T, request: NodeRequest = {}): Promise<z.infer<T>> {
    const { method = 'GET', json, bytes, headers = {}, timeoutMs = TIMEOUT_MS } = request
    const signal = AbortSignal.timeout(timeoutMs)
    const body = json === undefined ? bytes : JSON.stringify(json)
    try {
      const response = await fetch(`${this.url}${path}`, {
        method,
        signal,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...this.#authorization(),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
      })
      const text = await this.#text(response)
      if (!response.ok) throw this.#refusal(response, text)
      const read = schema.safeParse(text === '' ? undefined : parsed(text))
      if (read.success) return read.data
      throw new NodeUnreachableError({ url: this.url, reason: `what answers ${method} ${path} is no W3bstream node` })
    } catch (error) {
      throw this.#explained(error, signal, timeoutMs)
    }
  }

  /**
   * Events of a path, over as many streams as it takes, until the caller stops or the signal aborts.
   * @throws {NodeUnreachableError} @throws {NodeAnswerError}
   */
  async *events(path: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
    let lastId: string | null = null
    while (!signal.aborted) {
      const silence = new AbortController()
      const timer = setTimeout(() => silence.abort(), SILENCE_MS)
      const either = AbortSignal.any([signal, silence.signal])
      try {
        const response = await fetch(`${this.url}${path}`, {
          signal: either,
          headers: {
            accept: 'text/event-stream',
            ...this.#authorization(),
            ...(lastId === null ? {} : { 'last-event-id': lastId }),
          },
        })
        if (!response.ok) throw this.#refusal(response, await this.#text(response))
        const { body } = response
        if (body === null) return
        for await (const event of readEvents(alive(body, timer))) {
          lastId = event.id
          yield event
        }
      } catch (error) {
        if (signal.aborted) return
        if (!silence.signal.aborted) throw this.#explained(error, either, SILENCE_MS)
      } finally {
        clearTimeout(timer)
        silence.abort()
      }
      await wait(RECONNECT_MS, undefined, { signal }).catch(() => {
        // The caller's signal: the loop ends.
      })
    }
  }

  #authorization(): Record<string, string> {
    return this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }
  }

  async #text(response: Response): Promise<string> {
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      if (size > MAX_ANSWER)
        throw new NodeUnreachableError({ url: this.url, reason: 'its answer is larger than 32 MiB' })
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  }

  #refusal(response: Response, text: string): NodeAnswerError {
    const { status, headers } = response
    const read = answers.error.safeParse(parsed(text))
    const seconds = Number(headers.get('retry-after') ?? Number.NaN)
    const lacksToken = status === 401 && this.#token === null && read.data?.code !== 'BAD_SIGNATURE'
    const hint = lacksToken ? NO_TOKEN : read.data?.hint
    return new NodeAnswerError({
      code: read.data?.code ?? 'HTTP',
      message: read.data?.error ?? `The node answered HTTP ${status}.`,
      status,
      ...(hint === undefined ? {} : { hint }),
      ...(Number.isFinite(seconds) ? { retryAfterS: seconds } : {}),
    })
  }

  #explained(error: unknown, signal: AbortSignal, timeoutMs: number): unknown {
    if (error instanceof W3bError) return error
    if (signal.aborted)
      return new NodeUnreachableError({ url: this.url, reason: `no answer within ${timeoutMs / 1000} s`, cause: error })
    return new NodeUnreachableError({ url: this.url, reason: reasonOf(error), cause: error })
  }
}

async function* alive(body: AsyncIterable<Uint8Array>, timer: NodeJS.Timeout): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    timer.refresh()
    yield chunk
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: no schema takes it, and the caller says so.
    return undefined
  }
}

function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = inner instanceof Error && 'code' in inner && typeof inner.code === 'string' ? inner.code : ''
  if (code === 'ECONNREFUSED') return 'connection refused'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the host name is not known'
  return inner instanceof Error && inner.message !== '' ? inner.message : code === '' ? String(error) : code
}
