import { LocalSigner } from '@w3bstream/chain'
import type { Signer } from '@w3bstream/core'
import type { AwsOptions } from '@w3bstream/store-aws'
import { KmsSigner, sdkKms } from '@w3bstream/store-aws/sdk'
import { readSecret } from './readSecret.ts'

const PARAMETER = 'ssm:'

/**
 * Opens the key of a unit, or of another that it has to know the address of.
 * @param id of a key in KMS, or `ssm:<name>` of a parameter that holds a key
 * @throws {InvalidConfigError} @throws {AwsUnavailableError}
 */
export async function openKey(options: AwsOptions, id: string): Promise<Signer> {
  if (!id.startsWith(PARAMETER)) return KmsSigner.open({ kms: sdkKms(options) }, id)
  const name = id.slice(PARAMETER.length)
  return LocalSigner.fromHex(await readSecret(options, name), name)
}
