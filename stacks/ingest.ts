import { createHash } from 'node:crypto'
import { dropPayloads, findTasks, listObjects, readMessages, useObjects, useState, writeMessages } from './access.ts'
import { config, prefix } from './deployment.ts'
import { common, type Environment } from './environment.ts'
import { lambda } from './lambda.ts'
import type { Statement } from './roles.ts'
import { secretParameter } from './secrets.ts'
import { timeouts } from './timeouts.ts'

const { at, direct, domain, memoryMb, originSecretVersion, requestsPerAddress } = config.aws.ingest

/** The header that carries the origin secret. */
const ORIGIN_HEADER = 'x-w3b-origin'

/** What CloudFront passes on, ten headers at most; it adds the caller's address, which nobody else can write. `Authorization` goes with the cache's key. */
const PASSED_HEADERS = [
  'CloudFront-Viewer-Address',
  'Accept',
  'Access-Control-Request-Headers',
  'Access-Control-Request-Method',
  'Content-Type',
  'Idempotency-Key',
  'Last-Event-ID',
  'Origin',
  'traceparent',
  'X-Request-ID',
]

const statements: readonly Statement[] = [
  readMessages,
  writeMessages,
  // Tasks, since a person may replay one.
  ...useState({
    read: ['logs', 'seg#*', 'ranges#*', 'numbers#*', 'projects', 'cursors'],
    write: ['meta', 'tokens', 'quota#*', 'task#*'],
  }),
  findTasks,
  useObjects,
  listObjects,
  dropPayloads,
]

/** X-Ray has no resources to name. */
const sendTraces: Statement = { actions: ['xray:PutTraceSegments'], resources: ['*'] }

const ingest = at === 'worker' ? null : ingestFunction()

/** Where devices and dApps reach the deployment. */
export const endpoint =
  ingest === null ? edgeWorker() : at === 'direct' ? ingest.fn.url : distribution(ingest.fn, ingest.secret)

/** The function behind CloudFront or alone; null where an edge worker takes its place. */
export const ingestLambda = ingest?.fn ?? null

function ingestFunction() {
  // The former secret stays valid while CloudFront's edges still send it.
  const versions = [originSecretVersion, ...(originSecretVersion > 1 ? [originSecretVersion - 1] : [])]
  const secrets = versions.map(
    (n) => new random.RandomPassword(`OriginSecret${n}`, { length: 48, special: false }).result,
  )
  const environment: Environment = {
    ...common,
    // Whoever reads the function's settings learns no secret from them.
    W3B_ORIGIN_SECRETS: $util.unsecret(
      $resolve(secrets).apply((all) =>
        all.map((secret) => createHash('sha256').update(secret).digest('hex')).join(','),
      ),
    ),
    W3B_DIRECT: at === 'direct' || direct ? 'on' : 'off',
    ...(config.aws.credentials ? { W3B_CREDENTIAL_KEY_PARAMETER: secretParameter('CredentialKey').name } : {}),
  }
  const fn = lambda('Ingest', {
    unit: 'ingest',
    memoryMb,
    timeoutS: timeouts.ingest,
    environment,
    statements: config.aws.credentials
      ? [...statements, { actions: ['ssm:GetParameter'], resources: [secretParameter('CredentialKey').arn] }]
      : statements,
    url: true,
    tracing: 'PassThrough',
  })
  return { fn, secret: secrets[0] ?? $output('') }
}

function distribution(fn: sst.aws.Function, secret: $util.Input<string>): $util.Output<string> {
  const cache = new aws.cloudfront.CachePolicy('EdgeCache', {
    name: `${prefix}-ingest`,
    comment: 'Nothing is kept; a policy without any time at all could not pass Authorization on.',
    minTtl: 0,
    defaultTtl: 0,
    maxTtl: 1,
    parametersInCacheKeyAndForwardedToOrigin: {
      cookiesConfig: { cookieBehavior: 'none' },
      headersConfig: { headerBehavior: 'whitelist', headers: { items: ['Authorization'] } },
      queryStringsConfig: { queryStringBehavior: 'all' },
    },
  })
  const passed = new aws.cloudfront.OriginRequestPolicy('EdgeRequests', {
    name: `${prefix}-ingest`,
    cookiesConfig: { cookieBehavior: 'none' },
    headersConfig: { headerBehavior: 'whitelist', headers: { items: PASSED_HEADERS } },
    queryStringsConfig: { queryStringBehavior: 'all' },
  })
  const cdn = new sst.aws.Cdn('Edge', {
    comment: `${prefix}: ingest`,
    origins: [
      {
        originId: 'ingest',
        domainName: fn.url.apply((url) => new URL(url).host),
        customHeaders: [
          { name: ORIGIN_HEADER, value: secret },
          ...(domain === null ? [] : [{ name: 'x-forwarded-host', value: domain.name }]),
        ],
        customOriginConfig: {
          httpPort: 80,
          httpsPort: 443,
          originProtocolPolicy: 'https-only',
          originSslProtocols: ['TLSv1.2'],
          originReadTimeout: 60,
          originKeepaliveTimeout: 60,
        },
      },
    ],
    defaultCacheBehavior: {
      targetOriginId: 'ingest',
      viewerProtocolPolicy: 'https-only',
      allowedMethods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'POST', 'PATCH', 'DELETE'],
      cachedMethods: ['GET', 'HEAD'],
      cachePolicyId: cache.id,
      originRequestPolicyId: passed.id,
      compress: false,
    },
    wait: false,
    ...(domain === null
      ? {}
      : { domain: { name: domain.name, ...(domain.certificateArn === null ? {} : { cert: domain.certificateArn }) } }),
    ...(requestsPerAddress === null ? {} : { webAclArn: firewall(requestsPerAddress).arn }),
    transform: {
      distribution: (args) => {
        args.httpVersion = 'http2and3'
        args.isIpv6Enabled = true
        args.priceClass = 'PriceClass_All'
      },
    },
  })
  return domain === null ? cdn.url : $output(`https://${domain.name}`)
}

/** Counts requests by address before they cost anything else. CloudFront's firewalls live in us-east-1. */
function firewall(limit: number): aws.wafv2.WebAcl {
  const visibility = (metricName: string) => ({
    metricName,
    cloudwatchMetricsEnabled: true,
    sampledRequestsEnabled: false,
  })
  return new aws.wafv2.WebAcl('Firewall', {
    region: 'us-east-1',
    name: `${prefix}-ingest`,
    scope: 'CLOUDFRONT',
    defaultAction: { allow: {} },
    rules: [
      {
        name: 'requests-per-address',
        priority: 0,
        action: { block: { customResponse: { responseCode: 429 } } },
        statement: { rateBasedStatement: { limit, aggregateKeyType: 'IP', evaluationWindowSec: 300 } },
        visibilityConfig: visibility('RequestsPerAddress'),
      },
    ],
    visibilityConfig: visibility('Ingest'),
  })
}

/** The same application at the edge, writing to the same tables with the keys of a user that may do what the function's role may. */
function edgeWorker(): $util.Output<string> {
  const access = new sst.Linkable('IngestAccess', {
    properties: {},
    include: [...statements, sendTraces].map(({ actions, resources, conditions = {} }) =>
      sst.aws.permission({
        actions: [...actions],
        resources: [...resources],
        conditions: Object.entries(conditions).flatMap(([test, keys]) =>
          Object.entries(keys).map(([variable, values]) => ({ test, variable, values: [...values] })),
        ),
      }),
    ),
  })
  const worker = new sst.cloudflare.Worker('Ingest', {
    handler: 'functions/dist/bundles/worker/index.mjs',
    url: domain === null,
    ...(domain === null ? {} : { domain: domain.name }),
    link: [access],
    environment: { ...common, AWS_REGION: config.aws.region },
    compatibility: { date: '2026-01-01', flags: ['nodejs_compat'] },
  })
  return domain === null ? worker.url.apply((url) => url ?? '') : $output(`https://${domain.name}`)
}
