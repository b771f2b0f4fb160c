import { InvalidInputError } from '@w3bstream/protocol'
import { parseStreamGap, StreamTrimmedError } from '@w3bstream/store-aws'
import type { OpenSequencer } from './openSequencer.ts'

/** Longer than a sweep: what one breaks off, a later one begins again. */
const VISIBILITY_MS = 5 * 60_000
/** Before a gap that could not be read is tried again. */
const AGAIN_MS = 60_000

/** Orders the messages of ranges of the stream that its function gave up. */
export async function repairGaps(
  { gapsQueue, segments, telemetry }: Pick<OpenSequencer, 'gapsQueue' | 'segments' | 'telemetry'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const gaps = await gapsQueue.receive({ max: 10, visibilityMs: VISIBILITY_MS, waitMs: 0 })
    if (gaps.length === 0) return
    for (const { body, handle } of gaps) {
      if (signal.aborted) return
      try {
        await segments.repair(parseStreamGap(body))
        await gapsQueue.ack(handle)
      } catch (error) {
        telemetry.log('error', 'a gap in the order of messages could not be closed', {
          gap: body,
          reason: String(error),
        })
        if (error instanceof StreamTrimmedError || error instanceof InvalidInputError)
          await gapsQueue.bury(handle, error.message)
        else await gapsQueue.retry(handle, AGAIN_MS)
      }
    }
  }
}
