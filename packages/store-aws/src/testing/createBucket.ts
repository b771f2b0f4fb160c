import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { AwsOptions } from '../calls/AwsOptions.ts'
import { sdkClientConfig } from '../calls/sdkClientConfig.ts'

/** Creates an empty bucket on an emulator. */
export async function createBucket(options: AwsOptions, name: string): Promise<void> {
  const client = new S3Client({ ...sdkClientConfig('s3', options), forcePathStyle: true })
  try {
    await client.send(new CreateBucketCommand({ Bucket: name }))
  } finally {
    client.destroy()
  }
}
