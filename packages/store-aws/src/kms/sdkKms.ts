import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms'
import type { AwsOptions } from '../calls/AwsOptions.ts'
import { answerTimeoutMs } from '../calls/answerTimeoutMs.ts'
import { Retries } from '../calls/Retries.ts'
import { sdkClientConfig } from '../calls/sdkClientConfig.ts'
import { toAwsError } from '../calls/toAwsError.ts'
import type { KmsCalls } from './KmsCalls.ts'

/** KMS through AWS's own SDK. Call `close` to end its connections. */
export function sdkKms(options: AwsOptions): KmsCalls & { close(): void } {
  const client = new KMSClient(sdkClientConfig('kms', options))
  const retries = new Retries(options)
  const run = <T>(work: (o: { readonly abortSignal: AbortSignal }) => Promise<T>): Promise<T> =>
    retries.run(
      async (abortSignal) => {
        try {
          return await work({ abortSignal })
        } catch (error) {
          throw toAwsError(error)
        }
      },
      { timeoutMs: answerTimeoutMs(options, {}) },
    )
  return {
    async getPublicKey(KeyId) {
      const { PublicKey } = await run((o) => client.send(new GetPublicKeyCommand({ KeyId }), o))
      return PublicKey ?? new Uint8Array()
    },
    async sign(KeyId, Message) {
      const input = { KeyId, Message, MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' } as const
      const { Signature } = await run((o) => client.send(new SignCommand(input), o))
      return Signature ?? new Uint8Array()
    },
    close: () => client.destroy(),
  }
}
