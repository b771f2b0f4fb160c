import type { AttributeValue } from '@aws-sdk/client-dynamodb'

const SIGNATURE = /^(InvalidSignatureException|SignatureDoesNotMatch)$/

/** What AWS answered other than success, or that it did not answer. */
export class AwsError extends Error {
  /** The service's code, such as `ConditionalCheckFailedException`; `Timeout` or `Unreachable` where there was no answer. */
  readonly code: string
  /** HTTP status; 0 where there was no answer. */
  readonly status: number
  /** Whether the same call may succeed later. A write that was not answered may have been done. */
  readonly retryable: boolean
  /** The item that stood in a condition's way, where `ReturnValuesOnConditionCheckFailure` asked for it. */
  readonly item: Record<string, AttributeValue> | null
  /** Of a cancelled transaction, one an item. */
  readonly reasons: readonly { readonly code: string; readonly item: Record<string, AttributeValue> | null }[]

  constructor(p: {
    readonly code: string
    readonly message: string
    readonly status: number
    readonly retryable: boolean
    readonly item?: Record<string, AttributeValue> | null
    readonly reasons?: AwsError['reasons']
    readonly cause?: unknown
  }) {
    // AWS answers a wrong signature with the request that it covers, the session token in it.
    const isSignature = SIGNATURE.test(p.code)
    super(isSignature ? p.message.split('\n', 1)[0] : p.message, isSignature ? {} : { cause: p.cause })
    this.name = 'AwsError'
    this.code = p.code
    this.status = p.status
    this.retryable = p.retryable
    this.item = p.item ?? null
    this.reasons = p.reasons ?? []
  }
}
