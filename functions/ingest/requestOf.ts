import { InvalidInputError } from '@w3bstream/protocol'
import type { LambdaFunctionURLEvent } from 'aws-lambda'

/** A GET's body names a task: 200 bytes or so. */
const MAX_GET_BODY = 16 * 1024

/** A request, and the body of a GET, which a `Request` cannot carry. */
export interface EventRequest {
  readonly request: Request
  readonly getBody?: string
}

/**
 * The request that a function URL's event stands for.
 * @param host the name that the caller used, where it is not the function URL's own
 * @throws {InvalidInputError} a body that is not base64 though it says so, a header or path that HTTP has no place for, or the body of a GET that is too large
 */
export function requestOf(event: LambdaFunctionURLEvent, host?: string): EventRequest {
  const { method } = event.requestContext.http
  const headers = headersOf(event)
  const name = host ?? headers.get('host') ?? event.requestContext.domainName
  headers.set('host', name)
  // A decoded path must not end where its own marks would end one.
  const path = event.rawPath.replaceAll(/[?#]/g, encodeURIComponent)
  const url = `https://${name}${path}${event.rawQueryString === '' ? '' : `?${event.rawQueryString}`}`
  const body = bodyOf(event)
  // What was declared counted the bytes of the wire.
  headers.delete('transfer-encoding')
  if (body === null) headers.delete('content-length')
  else headers.set('content-length', String(body.length))
  if (method === 'GET' || method === 'HEAD') {
    const request = make(url, { method, headers })
    if (body === null) return { request }
    if (body.length > MAX_GET_BODY)
      throw new InvalidInputError({ field: 'The body', problem: 'is too large', status: 413 })
    return { request, getBody: new TextDecoder().decode(body) }
  }
  return { request: make(url, body === null ? { method, headers } : { method, headers, body }) }
}

function make(url: string, init: RequestInit): Request {
  try {
    return new Request(url, init)
  } catch (cause) {
    throw new InvalidInputError({ field: 'The request', problem: 'has no valid method, host or path', cause })
  }
}

function headersOf(event: LambdaFunctionURLEvent): Headers {
  try {
    const headers = new Headers()
    // Several of one name come joined by commas, cookies apart.
    for (const [name, value] of Object.entries(event.headers)) if (value !== undefined) headers.set(name, value)
    if (event.cookies !== undefined && event.cookies.length > 0) headers.set('cookie', event.cookies.join('; '))
    return headers
  } catch (cause) {
    throw new InvalidInputError({ field: 'A header', problem: 'has characters that no header may have', cause })
  }
}

function bodyOf({ body, isBase64Encoded }: LambdaFunctionURLEvent): Uint8Array<ArrayBuffer> | null {
  if (body === undefined || body === '') return null
  if (!isBase64Encoded) return new TextEncoder().encode(body)
  // Decoders skip what is no base64, and a message would be stored as another.
  if (body.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(body))
    throw new InvalidInputError({ field: 'The body', problem: 'is not the base64 that it says to be' })
  return Uint8Array.from(Buffer.from(body, 'base64'))
}
