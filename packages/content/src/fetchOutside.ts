import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { ContentUnavailableError } from '@w3bstream/protocol'
import { Agent, type Dispatcher, request } from 'undici'
import { displayUrl } from './displayUrl.ts'
import { type Lookup, publicAddresses } from './publicAddresses.ts'

/** Bounds and contents of one request. */
export interface OutsideRequest {
  /** Bytes of the answer's body, as sent and after decompression. */
  readonly maxBytes: number
  /** For everything: names, redirects, the whole body. */
  readonly timeoutMs: number
  /** `host:port` as URLs spell them, port always given, that may lead to private addresses: an operator's own endpoints. */
  readonly allowPrivate?: readonly string[]
  /** Default GET. */
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** Gives the request up. */
  readonly signal?: AbortSignal
  /** Default: the system's resolver. */
  readonly lookup?: Lookup
}

/** A successful answer. */
export interface OutsideResponse {
  /** Where the answer came from, after redirects. */
  readonly url: string
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Uint8Array
}

const MAX_REDIRECTS = 5

/**
 * The one way to a URL that somebody else chose: a project's owner must not reach what only this machine can reach.
 * A host is resolved once, only public addresses are kept, and only those are connected to; each redirect is checked in the same way.
 * @throws {ContentUnavailableError} refused, unreachable, too large, too slow, or any status but 2xx
 */
export async function fetchOutside(url: string, options: OutsideRequest): Promise<OutsideResponse> {
  const timer = AbortSignal.timeout(options.timeoutMs)
  const signal = options.signal === undefined ? timer : AbortSignal.any([timer, options.signal])
  let step: Step = {
    url: parseUrl(url),
    method: options.method ?? 'GET',
    headers: options.headers ?? {},
    body: options.body ?? null,
  }
  const shown = displayUrl(step.url)
  try {
    for (let redirects = 0; ; redirects++) {
      const answer = await one(step, options, signal)
      if (answer.type === 'done') return answer.response
      if (redirects === MAX_REDIRECTS) throw refused(shown, `more than ${MAX_REDIRECTS} redirects`)
      step = follow(step, answer.location, answer.status)
    }
  } catch (error) {
    if (error instanceof ContentUnavailableError) throw error
    const reason = timer.aborted ? `it took longer than ${options.timeoutMs} ms` : problemOf(error)
    throw new ContentUnavailableError({ uri: shown, reason, cause: error })
  }
}

interface Step {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string | null
}

type Answer =
  | { readonly type: 'done'; readonly response: OutsideResponse }
  | { readonly type: 'redirect'; readonly location: string; readonly status: number }

async function one(step: Step, options: OutsideRequest, signal: AbortSignal): Promise<Answer> {
  const shown = displayUrl(step.url)
  const addresses = await before(publicAddresses(step.url, options), signal)
  const agent = new Agent({
    connect: {
      // Whatever name is asked for, only the checked addresses are answered: a second look-up could give others.
      lookup: (_hostname, how, callback) => {
        const [first] = addresses
        if (how.all === true) callback(null, [...addresses])
        else if (first !== undefined) callback(null, first.address, first.family)
      },
    },
    pipelining: 0,
  })
  try {
    const response = await request(step.url, {
      dispatcher: agent,
      method: step.method,
      headers: { 'accept-encoding': 'identity', 'user-agent': 'w3bstream', ...step.headers },
      body: step.body,
      signal,
    })
    const location = response.headers.location
    if (REDIRECTS.has(response.statusCode) && typeof location === 'string')
      return { type: 'redirect', location, status: response.statusCode }
    if (response.statusCode < 200 || response.statusCode > 299) throw await failure(shown, response)
    const body = await readBody(shown, response, options.maxBytes)
    return {
      type: 'done',
      response: { url: step.url.href, status: response.statusCode, headers: response.headers, body },
    }
  } finally {
    await agent.destroy()
  }
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

function follow(from: Step, location: string, status: number): Step {
  if (!URL.canParse(location, from.url.href)) throw refused(displayUrl(from.url), 'its redirect is not a URL')
  const url = parseUrl(new URL(location, from.url).href)
  if (from.url.protocol === 'https:' && url.protocol === 'http:')
    throw refused(displayUrl(from.url), 'it redirects from https to http')
  const keep = status === 307 || status === 308
  const headers = Object.entries(from.headers).filter(([name]) => {
    const lower = name.toLowerCase()
    if (!keep && lower.startsWith('content-')) return false
    return url.origin === from.url.origin || (lower !== 'authorization' && lower !== 'cookie')
  })
  return {
    url,
    method: keep ? from.method : 'GET',
    headers: Object.fromEntries(headers),
    body: keep ? from.body : null,
  }
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) throw refused(text.slice(0, 200), 'it is not a URL')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refused(displayUrl(url), 'only http and https are fetched')
  if (url.username !== '' || url.password !== '') throw refused(displayUrl(url), 'it carries credentials')
  return url
}

/** A look-up cannot be cancelled, only left behind. */
function before<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

async function readBody(shown: string, response: Dispatcher.ResponseData, maxBytes: number): Promise<Uint8Array> {
  const declared = Number(response.headers['content-length'] ?? 0)
  if (declared > maxBytes) throw refused(shown, `it is larger than ${maxBytes} bytes`)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of decoded(shown, response, maxBytes)) {
    size += chunk.length
    if (size > maxBytes) throw refused(shown, `it is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks, size))
}

async function* bounded(
  shown: string,
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of source) {
    size += chunk.length
    if (size > maxBytes) throw refused(shown, `it is larger than ${maxBytes} bytes`)
    yield chunk
  }
}

/** Servers may compress although they were asked not to. */
function decoded(shown: string, response: Dispatcher.ResponseData, maxBytes: number): AsyncIterable<Uint8Array> {
  const source: AsyncIterable<Uint8Array> = response.body
  const encoding = String(response.headers['content-encoding'] ?? 'identity')
    .trim()
    .toLowerCase()
  if (encoding === 'identity' || encoding === '') return source
  const decoder = DECODERS[encoding]?.()
  if (decoder === undefined)
    throw refused(shown, `its content encoding ${JSON.stringify(encoding.slice(0, 40))} is not known`)
  return through(bounded(shown, source, maxBytes), decoder)
}

const DECODERS: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
}

/** Passes bytes through a decoder, which is destroyed when its reader stops. */
async function* through(source: AsyncIterable<Uint8Array>, decoder: Duplex): AsyncGenerator<Uint8Array> {
  const feeding = pipeline(source, decoder)
  // The reader sees the same failure; this only keeps it from being reported twice.
  feeding.catch(() => {})
  for await (const chunk of decoder) yield chunk
  await feeding
}

/** An answer other than success, with the start of what its server says about it. */
async function failure(shown: string, response: Dispatcher.ResponseData): Promise<ContentUnavailableError> {
  const said: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body) {
    said.push(chunk)
    size += chunk.length
    if (size >= SAID_BYTES) break
  }
  const text = Buffer.concat(said)
    .toString('latin1', 0, SAID_BYTES)
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
  const status = response.statusCode
  return new ContentUnavailableError({
    uri: shown,
    reason: `HTTP ${status}${text === '' ? '' : `: ${text}`}`,
    retryable: status >= 500 || status === 408 || status === 429,
  })
}

const SAID_BYTES = 200

function refused(uri: string, reason: string): ContentUnavailableError {
  return new ContentUnavailableError({ uri, reason, retryable: false })
}

function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'its host name is not known'
  if (code === 'ECONNREFUSED') return 'the connection was refused'
  if (code.startsWith('Z_') || code.startsWith('ERR_BROTLI') || code.startsWith('ZSTD'))
    return 'its compressed body is broken'
  return error.message === '' ? code : error.message
}
