import type { _Record } from '@aws-sdk/client-dynamodb-streams'
import { InvalidInputError, StoreUnavailableError } from '@w3bstream/protocol'
import type { Aws } from '../calls/Aws.ts'
import { AwsError } from '../calls/AwsError.ts'
import { toStoreError } from '../calls/toStoreError.ts'
import { StreamTrimmedError } from './StreamTrimmedError.ts'

/** A range of a stream's shard that its reader gave up. */
export interface StreamGap {
  readonly streamArn: string
  readonly shard: string
  /** Sequence numbers of its first and last record. */
  readonly start: string
  readonly end: string
}

/** Pages without records in a row after which a later try has to go on: an open shard never says that it has no more. */
const EMPTY_PAGES = 50

/**
 * Reads what Lambda sends to the on-failure destination of a stream's event source: it names the records, which stay in the stream.
 * @throws {InvalidInputError}
 */
export function parseStreamGap(body: string): StreamGap {
  const info = member(json(body), 'DDBStreamBatchInfo')
  const text = (name: string): string => {
    const value = member(info, name)
    if (typeof value === 'string' && value !== '') return value
    throw new InvalidInputError({ field: `DDBStreamBatchInfo.${name}`, problem: 'is missing' })
  }
  const number = (name: string): string => {
    const value = text(name)
    if (/^[0-9]{1,60}$/.test(value)) return value
    throw new InvalidInputError({ field: `DDBStreamBatchInfo.${name}`, problem: 'has to be a number' })
  }
  return {
    streamArn: text('streamArn'),
    shard: text('shardId'),
    start: number('startSequenceNumber'),
    end: number('endSequenceNumber'),
  }
}

/** The records of a gap, page by page. @throws {StreamTrimmedError} @throws {StoreUnavailableError} */
export async function* readGap(aws: Pick<Aws, 'streams'>, gap: StreamGap): AsyncGenerator<readonly _Record[]> {
  const end = BigInt(gap.end)
  try {
    const { ShardIterator } = await aws.streams('GetShardIterator', {
      StreamArn: gap.streamArn,
      ShardId: gap.shard,
      ShardIteratorType: 'AT_SEQUENCE_NUMBER',
      SequenceNumber: gap.start,
    })
    let iterator = ShardIterator
    for (let empty = 0; iterator !== undefined; ) {
      const { Records = [], NextShardIterator } = await aws.streams('GetRecords', { ShardIterator: iterator })
      empty = Records.length === 0 ? empty + 1 : 0
      // What comes behind the gap is ordered already, or about to be: it changes nothing.
      if (Records.length > 0) yield Records
      if (Records.some((record) => BigInt(record.dynamodb?.SequenceNumber ?? 0) >= end)) return
      if (empty === EMPTY_PAGES)
        throw new StoreUnavailableError({ reason: 'the stream does not show the end of a gap' })
      iterator = NextShardIterator
    }
  } catch (cause) {
    if (cause instanceof AwsError && cause.code === 'TrimmedDataAccessException')
      throw new StreamTrimmedError({ ...gap, cause })
    throw toStoreError(cause)
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidInputError({ field: 'body', problem: 'is not JSON' })
  }
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined
