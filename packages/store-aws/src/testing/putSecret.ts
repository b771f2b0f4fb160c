import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import type { AwsOptions } from '../calls/AwsOptions.ts'
import { sdkClientConfig } from '../calls/sdkClientConfig.ts'

/** Stores a SecureString of SSM on an emulator, over what was there. */
export async function putSecret(options: AwsOptions, name: string, value: string): Promise<void> {
  const client = new SSMClient(sdkClientConfig('ssm', options))
  try {
    await client.send(new PutParameterCommand({ Name: name, Value: value, Type: 'SecureString', Overwrite: true }))
  } finally {
    client.destroy()
  }
}
