import type { AwsOptions } from '@w3bstream/store-aws'
import { readParameter, sdkSsm } from '@w3bstream/store-aws/sdk'

/** A secret of the deployment. @throws {InvalidConfigError} it is not set @throws {AwsUnavailableError} */
export async function readSecret(options: AwsOptions, name: string): Promise<string> {
  const ssm = sdkSsm(options)
  try {
    return await readParameter(ssm, name)
  } finally {
    ssm.close()
  }
}
