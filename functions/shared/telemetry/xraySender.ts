import type { AwsOptions } from '@w3bstream/store-aws'
import { AwsV4Signer } from 'aws4fetch'

/** X-Ray takes at most so many documents in one call. */
const MAX_DOCUMENTS = 50
const TIMEOUT_MS = 1_000

/**
 * Sends segment documents to X-Ray over `fetch`. A failure is the caller's to tell: traces are not worth a retry.
 * @param variables `AWS_ENDPOINT_URL_XRAY`: where X-Ray is not at AWS's own address
 * @returns null where other services are emulated and X-Ray is not
 */
export function xraySender(
  options: AwsOptions & Required<Pick<AwsOptions, 'credentials'>>,
  variables: Readonly<Record<string, unknown>> = {},
): ((documents: readonly string[]) => Promise<void>) | null {
  const { AWS_ENDPOINT_URL_XRAY: endpoint } = variables
  const isEmulated = Object.keys(options.endpoints ?? {}).length > 0
  if (typeof endpoint !== 'string' && isEmulated) return null
  const url = `${typeof endpoint === 'string' ? endpoint : `https://xray.${options.region}.amazonaws.com`}/TraceSegments`
  return async (documents) => {
    for (let at = 0; at < documents.length; at += MAX_DOCUMENTS) {
      const signer = new AwsV4Signer({
        ...(await options.credentials()),
        url,
        method: 'POST',
        service: 'xray',
        region: options.region,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ TraceSegmentDocuments: documents.slice(at, at + MAX_DOCUMENTS) }),
      })
      const signed = await signer.sign()
      const answer = await fetch(signed.url, {
        method: signed.method,
        headers: signed.headers,
        body: signed.body ?? null,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      await answer.body?.cancel()
      if (!answer.ok) throw new Error(`X-Ray answered ${answer.status}`)
    }
  }
}
