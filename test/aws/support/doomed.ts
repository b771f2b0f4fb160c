import { type Emulator, FaultProxy } from '@w3bstream/store-aws/testing'

/** Variables of an instance that is going to be cut off. */
export interface Doomed {
  readonly env: Readonly<Record<string, string>>
  /** Calls that reached AWS. */
  readonly calls: () => number
  stop(): Promise<void>
}

/**
 * An instance whose calls to AWS reach it up to a number, and none after: as one that the platform stops between two of them.
 * @param cut the last call: done, with its answer lost
 */
export async function doomed(
  env: Readonly<Record<string, string>>,
  emulators: { readonly dynamo: Pick<Emulator, 'url'>; readonly fauxqs: Pick<Emulator, 'url'> },
  cut: number,
): Promise<Doomed> {
  let calls = 0
  const [dynamo, fauxqs] = await Promise.all([FaultProxy.start(emulators.dynamo), FaultProxy.start(emulators.fauxqs)])
  for (const proxy of [dynamo, fauxqs]) {
    proxy.inject({ fault: { type: 'drop', when: 'before' }, when: () => calls > cut })
    // Asked first, being the newest: counts each call once.
    proxy.inject({ fault: { type: 'drop', when: 'after' }, when: () => ++calls === cut })
  }
  return {
    env: {
      ...env,
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.url,
      AWS_ENDPOINT_URL_DYNAMODB_STREAMS: dynamo.url,
      AWS_ENDPOINT_URL_S3: fauxqs.url,
      AWS_ENDPOINT_URL_SQS: fauxqs.url,
    },
    calls: () => Math.min(calls, cut),
    async stop() {
      await Promise.all([dynamo.stop(), fauxqs.stop()])
    },
  }
}
