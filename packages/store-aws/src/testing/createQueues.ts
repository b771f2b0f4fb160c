import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { AwsOptions } from '../calls/AwsOptions.ts'
import { sdkClientConfig } from '../calls/sdkClientConfig.ts'

/** A queue and where its poisoned messages go. */
export interface QueueUrls {
  readonly url: string
  readonly deadLettersUrl: string
}

/** Creates queues of these names on an emulator, each with a dead-letter queue after `maxReceiveCount` deliveries. */
export async function createQueues<Name extends string>(
  options: AwsOptions,
  prefix: string,
  names: readonly Name[],
  maxReceiveCount = 5,
): Promise<Record<Name, QueueUrls>> {
  const client = new SQSClient(sdkClientConfig('sqs', options))
  try {
    const entries = await Promise.all(
      names.map(async (name) => {
        const dead = await client.send(new CreateQueueCommand({ QueueName: `${prefix}-${name}-dlq` }))
        const { Attributes } = await client.send(
          new GetQueueAttributesCommand({ QueueUrl: dead.QueueUrl, AttributeNames: ['QueueArn'] }),
        )
        const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount })
        const main = await client.send(
          new CreateQueueCommand({ QueueName: `${prefix}-${name}`, Attributes: { RedrivePolicy } }),
        )
        return [name, { url: main.QueueUrl ?? '', deadLettersUrl: dead.QueueUrl ?? '' }] as const
      }),
    )
    return Object.fromEntries(entries) as Record<Name, QueueUrls>
  } finally {
    client.destroy()
  }
}
