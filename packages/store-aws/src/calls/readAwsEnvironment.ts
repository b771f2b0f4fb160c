import { InvalidConfigError } from '@w3bstream/protocol'
import type { AwsOptions, AwsService } from './AwsOptions.ts'

const ENDPOINTS: Readonly<Record<AwsService, string>> = {
  dynamodb: 'AWS_ENDPOINT_URL_DYNAMODB',
  kms: 'AWS_ENDPOINT_URL_KMS',
  s3: 'AWS_ENDPOINT_URL_S3',
  sqs: 'AWS_ENDPOINT_URL_SQS',
  ssm: 'AWS_ENDPOINT_URL_SSM',
  streams: 'AWS_ENDPOINT_URL_DYNAMODB_STREAMS',
}

/**
 * Reads what AWS's own tools read too: region, static or session credentials, endpoints. Without credentials among the variables none are set,
 * and the SDK looks in its usual places.
 * @throws {InvalidConfigError} no region
 */
export function readAwsEnvironment(env: Readonly<Record<string, string | undefined>>): AwsOptions {
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION
  if (region === undefined || region === '') throw new InvalidConfigError({ problems: ['AWS_REGION is not set'] })
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env
  const endpoints: Partial<Record<AwsService, string>> = {}
  for (const service of ['dynamodb', 'kms', 's3', 'sqs', 'ssm', 'streams'] as const) {
    const url = env[ENDPOINTS[service]] ?? env.AWS_ENDPOINT_URL
    if (url !== undefined && url !== '') endpoints[service] = url.replace(/\/+$/, '')
  }
  return {
    region,
    endpoints,
    ...(accessKeyId && secretAccessKey
      ? { credentials: async () => ({ accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }) }
      : {}),
  }
}
