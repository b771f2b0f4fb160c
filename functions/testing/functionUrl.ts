import { PassThrough } from 'node:stream'
import type { LambdaFunctionURLEvent } from 'aws-lambda'
import type { OpenAnswer } from '../ingest/createLambda.ts'

/** The event that a function URL makes of a request that came through the distribution. */
export async function eventOf(
  request: Request,
  headers: Readonly<Record<string, string>> = {},
): Promise<LambdaFunctionURLEvent> {
  const { host, pathname, search } = new URL(request.url)
  const body = Buffer.from(await request.arrayBuffer())
  const cookies = request.headers.get('cookie')?.split('; ')
  const sent = Object.fromEntries([...request.headers].filter(([name]) => name !== 'cookie'))
  const time = new Date()
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: pathname,
    rawQueryString: search.slice(1),
    ...(cookies === undefined ? {} : { cookies }),
    headers: { host, 'x-forwarded-proto': 'https', ...sent, ...headers },
    requestContext: {
      accountId: 'anonymous',
      apiId: 'test',
      domainName: host,
      domainPrefix: 'test',
      http: { method: request.method, path: pathname, protocol: 'HTTP/1.1', sourceIp: '192.0.2.9', userAgent: 'test' },
      requestId: 'test',
      routeKey: '$default',
      stage: '$default',
      time: time.toISOString(),
      timeEpoch: time.getTime(),
    },
    ...(body.length === 0 ? {} : { body: body.toString('base64') }),
    isBase64Encoded: body.length > 0,
  }
}

/**
 * Streams an answer as the platform does: its head when it is opened, its body as it is written, and its end to the handler when the caller leaves.
 * @param run the handler, given what opens an answer
 */
export function streamedResponse(run: (open: OpenAnswer) => Promise<void>): Promise<Response> {
  return new Promise((resolve, reject) => {
    run((head) => {
      const stream = new PassThrough({ highWaterMark: 64 * 1024 })
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          stream.on('data', (chunk: Buffer) => {
            controller.enqueue(new Uint8Array(chunk))
            if ((controller.desiredSize ?? 0) <= 0) stream.pause()
          })
          stream.on('end', () => controller.close())
        },
        pull: () => void stream.resume(),
        cancel: () => void stream.destroy(),
      })
      const bodyless = [204, 304].includes(head.statusCode)
      if (bodyless) stream.resume()
      const headers = new Headers(head.headers)
      for (const cookie of head.cookies) headers.append('set-cookie', cookie)
      resolve(new Response(bodyless ? null : body, { status: head.statusCode, headers }))
      return stream
    }).catch(reject)
  })
}
