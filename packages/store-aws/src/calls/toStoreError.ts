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
  const { code, retryable, status } = error
  if (retryable || status === 0 || status === 401 || status === 403 || status >= 500 || OUT_OF_ORDER.has(code))
    return new StoreUnavailableError({ reason: code, cause: error })
  return error
}
