import type { FetchAwsOptions } from '../calls/fetchAws.ts'

/** Options of a client of emulators, which take any credentials. They retry as a deployment does, with shorter pauses. */
export const awsTestOptions = (p: { readonly dynamo: string; readonly fauxqs: string }): FetchAwsOptions => ({
  region: 'us-east-1',
  credentials: async () => ({ accessKeyId: 'test', secretAccessKey: 'test' }),
  endpoints: { dynamodb: p.dynamo, streams: p.dynamo, s3: p.fauxqs, sqs: p.fauxqs },
  retryDelayMs: 10,
})
