import { W3bError } from '@w3bstream/protocol'

/** Records that a stream no longer has: their messages are stored, but the log does not order them. */
export class StreamTrimmedError extends W3bError {
  override readonly name = 'StreamTrimmedError'
  constructor(p: { readonly shard: string; readonly start: string; readonly end: string; readonly cause?: unknown }) {
    super('STREAM_TRIMMED', `The stream no longer has records ${p.start} to ${p.end} of shard ${p.shard}.`, {
      hint: 'A gap has to be repaired within 24 hours. The messages are in the table: see "Gaps" in the README of packages/store-aws.',
      status: 500,
      meta: { shard: p.shard, start: p.start, end: p.end },
      cause: p.cause,
    })
  }
}
