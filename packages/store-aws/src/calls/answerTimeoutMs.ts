import type { AwsOptions } from './AwsOptions.ts'

/** How long one attempt may take; a long poll adds the time that it asks the service to wait. */
export function answerTimeoutMs({ timeoutMs = 3_000 }: AwsOptions, input: object): number {
  const waitS = 'WaitTimeSeconds' in input && typeof input.WaitTimeSeconds === 'number' ? input.WaitTimeSeconds : 0
  return timeoutMs + 1_000 * waitS
}
