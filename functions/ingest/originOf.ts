import { sha256 } from '@noble/hashes/sha2.js'
import type { LambdaFunctionURLEvent } from 'aws-lambda'
import { WrongOriginError } from './WrongOriginError.ts'

/** Header in which the distribution shows that a request came through it. */
export const ORIGIN_SECRET_HEADER = 'x-w3b-origin'

/** Where a request came from. */
export interface Origin {
  /** The caller's address, for quotas. */
  readonly address: string
  /** The host that the caller named; absent: the function URL's own. */
  readonly host?: string
}

/**
 * Who called: as the distribution saw it, where the request shows the distribution's secret; else who connected, where that is allowed.
 * What callers write into those headers themselves counts for nothing.
 * @param secrets SHA-256 of the secrets that are good now, in hex: the present one and, while it is rotated, the one before
 * @throws {WrongOriginError}
 */
export function originOf(
  event: LambdaFunctionURLEvent,
  options: { readonly secrets: readonly string[]; readonly direct: boolean },
): Origin {
  const { headers, requestContext } = event
  const secret = headers[ORIGIN_SECRET_HEADER]
  if (secret !== undefined && isKnown(secret, options.secrets)) {
    const viewer = headers['cloudfront-viewer-address']
    const host = headers['x-forwarded-host']
    return {
      address: viewer === undefined ? requestContext.http.sourceIp : withoutPort(viewer),
      ...(host === undefined ? {} : { host }),
    }
  }
  if (!options.direct) throw new WrongOriginError()
  return { address: requestContext.http.sourceIp }
}

/** Compares all hashes to their end, so that time tells nothing. */
function isKnown(secret: string, secrets: readonly string[]): boolean {
  const hash = sha256(new TextEncoder().encode(secret))
  let known = false
  for (const one of secrets) {
    let difference = one.length === 64 ? 0 : 1
    for (const [i, byte] of hash.entries()) difference |= byte ^ Number.parseInt(one.slice(2 * i, 2 * i + 2), 16)
    known = difference === 0 || known
  }
  return known
}

/** `198.51.100.10:46532` or `2001:db8::1:46532`, with or without brackets: the port comes after the last colon. */
const withoutPort = (viewer: string): string =>
  viewer
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .slice(0, 64)
