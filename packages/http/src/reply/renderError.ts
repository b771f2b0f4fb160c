import { W3bError } from '@w3bstream/protocol'
import { HttpError } from '../errors/HttpError.ts'
import type { Reply } from './Reply.ts'

/** `older`: `{"error"}`, as the older APIs have it; `v1`: code and hint as well. */
export type ErrorStyle = 'older' | 'v1'

/** The answer to an error. What is not a {@link W3bError} is a fault of ours: its words are for the log, not for the caller. */
export function renderError(error: unknown, style: ErrorStyle): Reply {
  const known = error instanceof W3bError ? error : null
  const message = known?.message ?? 'Internal error.'
  const body =
    style === 'older'
      ? { error: message }
      : {
          code: known?.code ?? 'INTERNAL',
          error: message,
          ...(known?.hint === undefined ? {} : { hint: known.hint }),
        }
  return {
    status: known?.status ?? 500,
    type: 'application/json',
    body: JSON.stringify(body),
    headers: {
      ...(known instanceof HttpError ? known.headers : {}),
      ...(known?.retryAfterS === undefined ? {} : { 'retry-after': String(known.retryAfterS) }),
    },
  }
}
