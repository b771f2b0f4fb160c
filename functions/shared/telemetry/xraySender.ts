import { AwsV4Signer } from 'aws4fetch'

/** X-Ray takes at most so many documents in one call. */
const MAX_DOCUMENTS = 50

/** Sends segment documents to X-Ray over `fetch`. A failure is the caller's to count: traces are not worth a retry. */
export function xraySender(o: {
  readonly region: string
  readonly credentials: () => Promise<{
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }>
  /** Where X-Ray is not at AWS's own address. */
  readonly endpoint?: string
  readonly timeoutMs?: number
}): (documents: readonly string[]) => Promise<void> {
  const url = `${o.endpoint ?? `https://xray.${o.region}.amazonaws.com`}/TraceSegments`
  return async (documents) => {
    for (let at = 0; at < documents.length; at += MAX_DOCUMENTS) {
      const signer = new AwsV4Signer({
        ...(await o.credentials()),
        url,
        method: 'POST',
        service: 'xray',
        region: o.region,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ TraceSegmentDocuments: documents.slice(at, at + MAX_DOCUMENTS) }),
      })
      const signed = await signer.sign()
      const answer = await fetch(signed.url, {
        method: signed.method,
        headers: signed.headers,
        body: signed.body ?? null,
        signal: AbortSignal.timeout(o.timeoutMs ?? 1_000),
      })
      await answer.body?.cancel()
      if (!answer.ok) throw new Error(`X-Ray answered ${answer.status}`)
    }
  }
}
