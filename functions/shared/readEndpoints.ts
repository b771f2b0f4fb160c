import { type DeploymentConfig, parseRpcUrls } from '@w3bstream/protocol'
import type { AwsOptions } from '@w3bstream/store-aws'
import { readSecret } from './readSecret.ts'

/** The endpoints of a deployment's chains, by chain id. @throws {InvalidConfigError} @throws {AwsUnavailableError} */
export async function readEndpoints(
  options: AwsOptions,
  parameter: string,
  { chains }: Pick<DeploymentConfig, 'chains'>,
): Promise<ReadonlyMap<bigint, readonly string[]>> {
  return parseRpcUrls(
    await readSecret(options, parameter),
    chains.map(({ chainId }) => chainId),
  )
}
