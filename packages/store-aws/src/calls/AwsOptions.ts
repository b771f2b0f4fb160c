/** Who signs the calls. */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export type AwsService = 'dynamodb' | 'kms' | 's3' | 'sqs' | 'ssm' | 'streams'

/** How AWS is called. Times in milliseconds. */
export interface AwsOptions {
  readonly region: string
  /** Asked before each attempt; how long credentials are kept is its own business. */
  readonly credentials?: () => Promise<AwsCredentials>
  /** Where a service is not at AWS's own address: emulators, private endpoints. Without a trailing slash. */
  readonly endpoints?: Partial<Readonly<Record<AwsService, string>>>
  /** How often a call is tried in all. Default 5. */
  readonly attempts?: number
  /** For the answer to one attempt. Default 3,000. */
  readonly timeoutMs?: number
  /** The same for an object of S3, with its body. Default 20,000. */
  readonly objectTimeoutMs?: number
  /** The first retry waits up to this, each later one up to twice as long. Default 50. */
  readonly retryDelayMs?: number
}
