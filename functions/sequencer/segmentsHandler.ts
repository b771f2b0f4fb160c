import type { Telemetry } from '@w3bstream/core'
import { StoreUnavailableError } from '@w3bstream/protocol'
import { SegmentWriter, type StreamRecord, type Written } from '@w3bstream/store-aws'
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { once } from '../shared/once.ts'
import { openUnit } from '../shared/openUnit.ts'
import { packHint } from '../shared/packHint.ts'
import { readEnvironment, type Variables } from '../shared/readEnvironment.ts'

/**
 * The function on the messages' stream: gives messages their order, and signals logs that have a full batch. A record that it cannot read is named in
 * the answer, for Lambda to try again and to give up; the others of its event are ordered nevertheless.
 */
export function segmentsHandler(variables: Variables) {
  const open = once(async () => {
    const unit = await openUnit('segments', readEnvironment('segments', variables), variables)
    const { aws, clock, env } = unit
    return {
      ...unit,
      writer: new SegmentWriter({ aws, clock }, { stateTable: env.stateTable }),
      packQueue: unit.queue(env.packQueue),
    }
  })
  return async ({ Records }: Pick<DynamoDBStreamEvent, 'Records'>): Promise<DynamoDBBatchResponse> => {
    const { writer, packQueue, telemetry } = await open()
    try {
      const { written, unread } = await writeReadable(writer, telemetry, Records)
      const full = new Set(written.filter(({ isFull }) => isFull).map(({ log }) => packHint(log)))
      // Only a signal: the schedule looks at every log, and the order of messages must not wait for a queue.
      await Promise.all([...full].map((hint) => packQueue.send(hint))).catch((error: unknown) => {
        telemetry.log('warn', 'a full log could not be signalled', { reason: String(error) })
      })
      const [first] = unread
      const itemIdentifier = first?.dynamodb?.SequenceNumber
      // Lambda goes on from the first one that is named.
      return { batchItemFailures: itemIdentifier === undefined ? [] : [{ itemIdentifier }] }
    } finally {
      await telemetry.flush()
    }
  }
}

/** Halves what fails, until what cannot be read stands alone. @throws {StoreUnavailableError} */
async function writeReadable(
  writer: Pick<SegmentWriter, 'write'>,
  telemetry: Telemetry,
  records: readonly StreamRecord[],
): Promise<{ readonly written: readonly Written[]; readonly unread: readonly StreamRecord[] }> {
  try {
    return { written: await writer.write(records), unread: [] }
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error
    if (records.length === 1) {
      telemetry.log('error', 'a record of the stream cannot be read', {
        sequenceNumber: records[0]?.dynamodb?.SequenceNumber,
        reason: String(error),
      })
      return { written: [], unread: records }
    }
    const half = Math.ceil(records.length / 2)
    const before = await writeReadable(writer, telemetry, records.slice(0, half))
    const after = await writeReadable(writer, telemetry, records.slice(half))
    return { written: [...before.written, ...after.written], unread: [...before.unread, ...after.unread] }
  }
}
