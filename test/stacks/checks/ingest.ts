import { createHash } from 'node:crypto'
import { at, type Check, environmentOf, listAt, ofType, textAt } from './graphOf.ts'

/** Headers that the application reads, beside those that CloudFront passes on by itself. */
const READ_HEADERS = ['authorization', 'idempotency-key', 'last-event-id', 'origin', 'traceparent', 'x-request-id']

/** CloudFront shows a secret that the function knows by its hash; without it the function answers only where the configuration says so. */
export const checkIngest: Check = (graph) => {
  const problems: string[] = []
  const [fn] = ofType(graph, 'aws:lambda/function:Function').filter(({ name }) => name === 'IngestFunction')
  const distributions = ofType(graph, 'aws:cloudfront/distribution:Distribution')
  const workers = ofType(graph, 'cloudflare:index/workersScript:WorkersScript')
  if (fn === undefined) return workers.length === 1 && distributions.length === 0 ? [] : ['nothing takes messages in']
  const known = (environmentOf(fn).W3B_ORIGIN_SECRETS ?? '').split(',')
  const direct = environmentOf(fn).W3B_DIRECT
  if (distributions.length === 0 && direct !== 'on') problems.push('nobody can call the function')
  for (const { name, inputs } of distributions) {
    const headers = listAt(inputs, 'origins', 0, 'customHeaders')
    const secret = headers.find((header) => at(header, 'name') === 'x-w3b-origin')
    const hash = createHash('sha256').update(textAt(secret, 'value')).digest('hex')
    if (!known.includes(hash)) problems.push(`${name} sends a secret that the function does not know`)
    const behaviour = at(inputs, 'defaultCacheBehavior')
    if (at(behaviour, 'viewerProtocolPolicy') !== 'https-only') problems.push(`${name} takes plain HTTP`)
    if (!listAt(behaviour, 'allowedMethods').includes('POST')) problems.push(`${name} takes no posts`)
    const origin = at(inputs, 'origins', 0, 'customOriginConfig')
    if (at(origin, 'originProtocolPolicy') !== 'https-only') problems.push(`${name} sends the secret in the clear`)
    const [cache] = ofType(graph, 'aws:cloudfront/cachePolicy:CachePolicy')
    const [passed] = ofType(graph, 'aws:cloudfront/originRequestPolicy:OriginRequestPolicy')
    const items = [
      ...listAt(cache?.inputs, 'parametersInCacheKeyAndForwardedToOrigin', 'headersConfig', 'headers', 'items'),
      ...listAt(passed?.inputs, 'headersConfig', 'headers', 'items'),
    ].map((header) => String(header).toLowerCase())
    for (const header of [...READ_HEADERS, 'cloudfront-viewer-address'])
      if (!items.includes(header)) problems.push(`${name} does not pass ${header} on`)
    if (items.includes('host') || items.includes('x-forwarded-host')) problems.push(`${name} passes a caller's host on`)
    if (listAt(passed?.inputs, 'headersConfig', 'headers', 'items').length > 10)
      problems.push(`${name} passes on more headers than CloudFront does`)
    if (at(cache?.inputs, 'defaultTtl') !== 0) problems.push(`${name} keeps answers`)
  }
  return problems
}
