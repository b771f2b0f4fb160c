/** Codes that say: the same call, a little later. */
const LATER = new Set([
  'ConditionalRequestConflict',
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'KMSInternalException',
  'KmsThrottled',
  'KMSThrottled',
  'LimitExceededException',
  'OperationAborted',
  'OverLimit',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TransactionConflictException',
  'TransactionInProgressException',
])

/** Reasons of a cancelled transaction that pass. */
const PASSING = new Set([
  'None',
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
  'TransactionConflict',
  'RequestLimitExceeded',
])

/** Whether the same call may succeed later: throttling, conflicts between writers, trouble of the service. */
export function isRetryable(code: string, status: number, reasons: readonly { readonly code: string }[] = []): boolean {
  if (code === 'TransactionCanceledException')
    return reasons.length > 0 && reasons.every((reason) => PASSING.has(reason.code))
  return status >= 500 || status === 429 || LATER.has(code)
}
