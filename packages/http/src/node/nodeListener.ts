import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import type { AppEnv } from '../AppEnv.ts'

/** A GET's body names a task: 200 bytes or so. */
const MAX_GET_BODY = 16 * 1024

/**
 * A listener for Node's server that also hands over the body of a GET, which the later API's clients send and a `Request` cannot carry.
 * @param closing aborts when the server stops, so that event streams end
 */
export function nodeListener(
  app: Hono<AppEnv>,
  closing?: AbortSignal,
): (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void> {
  const answer = getRequestListener(
    (request, env) => {
      const incoming = env.incoming
      const bindings = closing === undefined ? { incoming } : { incoming, closing }
      if (incoming.method !== 'GET' || !hasBody(incoming.headers)) return app.fetch(request, bindings)
      return readText(incoming).then((getBody) =>
        getBody === null
          ? new Response('{"error":"The body is too large."}', {
              status: 413,
              headers: { 'content-type': 'application/json', connection: 'close' },
            })
          : app.fetch(request, { ...bindings, getBody }),
      )
    },
    // HTTP/1.0 clients name no host.
    { hostname: 'localhost' },
  )
  return answer
}

const hasBody = (headers: { readonly [name: string]: string | string[] | undefined }): boolean =>
  (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined

/** @returns null where there is more than {@link MAX_GET_BODY} */
async function readText(incoming: Readable): Promise<string | null> {
  const chunks: Buffer[] = []
  let size = 0
  // The answer still has to go out when reading stops early.
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > MAX_GET_BODY) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
