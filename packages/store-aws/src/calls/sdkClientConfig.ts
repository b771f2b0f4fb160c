import type { AwsCredentials, AwsOptions, AwsService } from './AwsOptions.ts'

/** What every client of the SDK is made with here: our endpoints, our credentials, and no retries of its own, since `Retries` has them. */
export function sdkClientConfig(
  service: AwsService,
  options: AwsOptions,
): {
  readonly region: string
  readonly maxAttempts: number
  readonly requestHandler: { readonly connectionTimeout: number }
  readonly endpoint?: string
  readonly credentials?: () => Promise<AwsCredentials>
} {
  const endpoint = options.endpoints?.[service]
  return {
    region: options.region,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: Math.min(1_000, options.timeoutMs ?? 3_000) },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  }
}
