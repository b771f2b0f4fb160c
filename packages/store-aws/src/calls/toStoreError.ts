import { StoreUnavailableError } from '@w3bstream/protocol'
import { AwsError } from './AwsError.ts'

/** Codes that say the deployment, not the call, is wrong: a person has to act, and the same call will then succeed. */
const OUT_OF_ORDER = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidSignatureException',
  'NoSuchBucket',
  'QueueDoesNotExist',
  'AWS.SimpleQueueService.NonExistentQueue',
  'ResourceNotFoundException',
  'UnrecognizedClientException',
])

/** @returns a StoreUnavailableError where AWS could not be asked or refuses everything now, else the error itself */
export function toStoreError(error: unknown): unknown {
  if (!(error instanceof AwsError)) return error
  if (error.retryable || error.status === 0 || error.status >= 500 || OUT_OF_ORDER.has(error.code))
    return new StoreUnavailableError({ reason: error.code, cause: error })
  return error
}
