import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { AwsError } from '../calls/AwsError.ts'
import type { AwsOptions } from '../calls/AwsOptions.ts'
import { answerTimeoutMs } from '../calls/answerTimeoutMs.ts'
import { Retries } from '../calls/Retries.ts'
import { sdkClientConfig } from '../calls/sdkClientConfig.ts'
import { toAwsError } from '../calls/toAwsError.ts'
import type { SsmCalls } from './SsmCalls.ts'

/** SSM through AWS's own SDK. Call `close` to end its connections. */
export function sdkSsm(options: AwsOptions): SsmCalls & { close(): void } {
  const client = new SSMClient(sdkClientConfig('ssm', options))
  const retries = new Retries(options)
  return {
    async getParameter(Name) {
      try {
        return await retries.run(
          async (abortSignal) => {
            try {
              const command = new GetParameterCommand({ Name, WithDecryption: true })
              return (await client.send(command, { abortSignal })).Parameter?.Value ?? null
            } catch (error) {
              throw toAwsError(error)
            }
          },
          { timeoutMs: answerTimeoutMs(options, {}) },
        )
      } catch (error) {
        if (error instanceof AwsError && error.code === 'ParameterNotFound') return null
        throw error
      }
    },
    close: () => client.destroy(),
  }
}
