import { CreateKeyCommand, type KeySpec, KMSClient } from '@aws-sdk/client-kms'
import type { AwsOptions } from '../calls/AwsOptions.ts'
import { sdkClientConfig } from '../calls/sdkClientConfig.ts'

/** Creates a key that signs, secp256k1 unless said otherwise, on an emulator. @returns its id */
export async function createKmsKey(options: AwsOptions, spec: KeySpec = 'ECC_SECG_P256K1'): Promise<string> {
  const client = new KMSClient(sdkClientConfig('kms', options))
  try {
    const { KeyMetadata } = await client.send(new CreateKeyCommand({ KeySpec: spec, KeyUsage: 'SIGN_VERIFY' }))
    return KeyMetadata?.KeyId ?? ''
  } finally {
    client.destroy()
  }
}
