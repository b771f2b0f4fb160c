import { renderError } from './renderError.ts'

/** The answer to a request that did not get as far as the application, in the form of `/v1`'s errors, which has that of the older APIs in it. */
export function errorResponse(error: unknown): Response {
  const { status, type, body, headers } = renderError(error, 'v1')
  return new Response(body, { status, headers: { 'content-type': type, 'cache-control': 'no-store', ...headers } })
}
