import { AwsError } from './AwsError.ts'
import { isRetryable } from './isRetryable.ts'

/** An error of the SDK as ours: its name is the service's code; without an HTTP status nobody answered. */
export function toAwsError(error: unknown, more: Partial<Pick<AwsError, 'item' | 'reasons'>> = {}): AwsError {
  if (error instanceof AwsError) return error
  const status = statusOf(error)
  if (!(error instanceof Error) || status === 0)
    return new AwsError({
      code: 'Unreachable',
      message: error instanceof Error ? error.message : String(error),
      status: 0,
      retryable: true,
      cause: error,
    })
  const { name, message } = error
  const retryable = isRetryable(name, status, more.reasons)
  return new AwsError({ code: name, message, status, retryable, cause: error, ...more })
}

function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return 0
  const { $metadata } = error
  if (typeof $metadata !== 'object' || $metadata === null || !('httpStatusCode' in $metadata)) return 0
  return typeof $metadata.httpStatusCode === 'number' ? $metadata.httpStatusCode : 0
}
