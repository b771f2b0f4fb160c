import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { AwsError } from './AwsError.ts'
import { isRetryable } from './isRetryable.ts'
import { reviveValues } from './wireValues.ts'

/** Answers are read no further than this into messages. */
const MAX_MESSAGE = 500

interface ErrorBody {
  readonly __type?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly Message?: unknown
  readonly Item?: Record<string, AttributeValue>
  readonly CancellationReasons?: readonly { readonly Code?: string; readonly Item?: Record<string, AttributeValue> }[]
}

/** What AWS answered other than success: JSON of DynamoDB and SQS, XML of S3, or something of a host in between. */
export function readErrorAnswer(status: number, body: string): AwsError {
  const { code, message, item, reasons } = body.startsWith('{') ? readJson(body) : readXml(body)
  return new AwsError({
    code: code ?? codeOf(status),
    message: (message ?? `HTTP ${status}`).slice(0, MAX_MESSAGE),
    status,
    retryable: isRetryable(code ?? codeOf(status), status, reasons),
    ...(item === undefined ? {} : { item }),
    ...(reasons === undefined ? {} : { reasons }),
  })
}

function readJson(body: string): {
  code?: string
  message?: string
  item?: Record<string, AttributeValue>
  reasons?: AwsError['reasons']
} {
  let parsed: ErrorBody
  try {
    parsed = reviveValues(JSON.parse(body)) as ErrorBody
  } catch {
    return {}
  }
  const code = parsed.__type ?? parsed.code
  const message = parsed.message ?? parsed.Message
  return {
    // `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`
    ...(typeof code === 'string' ? { code: code.split('#').at(-1) ?? code } : {}),
    ...(typeof message === 'string' ? { message } : {}),
    ...(parsed.Item === undefined ? {} : { item: parsed.Item }),
    ...(parsed.CancellationReasons === undefined
      ? {}
      : {
          reasons: parsed.CancellationReasons.map(({ Code, Item }) => ({ code: Code ?? 'None', item: Item ?? null })),
        }),
  }
}

function readXml(body: string): { code?: string; message?: string; item?: undefined; reasons?: undefined } {
  const code = /<Code>([^<]+)<\/Code>/.exec(body)?.[1]
  const message = /<Message>([^<]+)<\/Message>/.exec(body)?.[1]
  return { ...(code === undefined ? {} : { code }), ...(message === undefined ? {} : { message }) }
}

function codeOf(status: number): string {
  if (status === 404) return 'NoSuchKey'
  if (status === 412) return 'PreconditionFailed'
  return status >= 500 ? 'ServiceUnavailable' : `Http${status}`
}
