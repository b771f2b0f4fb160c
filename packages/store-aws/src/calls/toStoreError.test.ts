import { StoreUnavailableError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { AwsError } from './AwsError.ts'
import { toStoreError } from './toStoreError.ts'

const error = (code: string, status: number, retryable = false) =>
  new AwsError({ code, message: 'x', status, retryable })

describe('toStoreError', () => {
  it('says that the store is away where AWS is, and where it refuses who asks', () => {
    for (const cause of [
      error('ThrottlingException', 400, true),
      error('Timeout', 0, true),
      error('Aborted', 0),
      error('InternalServerError', 500),
      error('AccessDeniedException', 400),
      error('SignatureDoesNotMatch', 403),
      error('InvalidAccessKeyId', 403),
      error('Http403', 403),
    ])
      expect(toStoreError(cause)).toMatchObject({ constructor: StoreUnavailableError, retryable: true, cause })
  })

  it('leaves what is wrong with the call as it is', () => {
    for (const cause of [
      error('ValidationException', 400),
      error('ConditionalCheckFailedException', 400),
      error('PreconditionFailed', 412),
      new TypeError('a mistake'),
    ])
      expect(toStoreError(cause)).toBe(cause)
  })
})
