import type { _Record, AttributeValue, Shard } from '@aws-sdk/client-dynamodb-streams'
import type { Aws } from '../calls/Aws.ts'
import { AwsError } from '../calls/AwsError.ts'
import { writeValues } from '../calls/wireValues.ts'

/** A change of a table, in the shape in which Lambda hands it to a function: binary values as base64. */
export interface StreamRecord {
  readonly eventID: string
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE'
  readonly eventVersion: string
  readonly eventSource: 'aws:dynamodb'
  readonly awsRegion: string
  readonly eventSourceARN: string
  readonly dynamodb: {
    readonly ApproximateCreationDateTime: number
    readonly Keys: Record<string, unknown>
    readonly NewImage?: Record<string, unknown>
    readonly SequenceNumber: string
    readonly SizeBytes: number
    readonly StreamViewType: string
  }
}

/** What Lambda sends to a stream's on-failure destination in place of records that it gives up. */
export interface GivenUpBatch {
  readonly requestContext: { readonly condition: 'RetryAttemptsExhausted'; readonly approximateInvokeCount: number }
  readonly version: '1.0'
  readonly timestamp: string
  readonly DDBStreamBatchInfo: {
    readonly shardId: string
    readonly startSequenceNumber: string
    readonly endSequenceNumber: string
    readonly approximateArrivalOfFirstRecord: string
    readonly approximateArrivalOfLastRecord: string
    readonly batchSize: number
    readonly streamArn: string
  }
}

export interface StreamPumpOptions {
  readonly table: string
  /** Throwing, or naming a record in `batchItemFailures`, has the batch, or what is left of it from there, handed over again. */
  readonly handler: (event: { readonly Records: StreamRecord[] }) => Promise<StreamAnswer | undefined>
  /** Records a call. Default 100. */
  readonly batchSize?: number
  /** Between two looks at a stream without news. Default 20. */
  readonly intervalMs?: number
  /** Times that a batch is handed over before it is given up; without end where absent. */
  readonly attempts?: number
  readonly onGiveUp?: (batch: GivenUpBatch) => Promise<void>
}

interface StreamAnswer {
  readonly batchItemFailures?: readonly { readonly itemIdentifier: string }[]
}

export interface StreamPump {
  /** Resolves when everything written before the call was handled. */
  drained(): Promise<void>
  /** What the handler threw, in order. */
  readonly errors: readonly unknown[]
  /** Resolves when the handler is done with what it has in hand. */
  stop(): Promise<void>
}

/** Looks at an empty stream in a row after which it counts as drained: the emulator shows a write at the next look at the latest. */
const QUIET_LOOKS = 3

/**
 * Feeds a table's stream to a function as Lambda does: from the oldest record, in order within a shard, the same batch again until it is done.
 */
export function streamPump(aws: Pick<Aws, 'streams'>, options: StreamPumpOptions): StreamPump {
  const { batchSize = 100, intervalMs = 20 } = options
  const ended = new AbortController()
  const errors: unknown[] = []
  const seen = new Map<string, string>()
  const finished = new Set<string>()
  let quiet = 0

  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        ended.signal.removeEventListener('abort', wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      ended.signal.addEventListener('abort', wake)
      if (ended.signal.aborted) wake()
    })

  /** One round over all shards, parents before their children. @returns how many records were handled */
  async function round(streamArn: string, iterators: Map<string, string>): Promise<number> {
    let handled = 0
    for (const shard of await shardsOf(streamArn)) {
      const id = shard.ShardId ?? ''
      if (finished.has(id) || ended.signal.aborted) continue
      const iterator = iterators.get(id) ?? (await iteratorOf(streamArn, id))
      const { Records = [], NextShardIterator } = await aws.streams('GetRecords', {
        ShardIterator: iterator,
        Limit: batchSize,
      })
      if (
        !(await deliver(
          streamArn,
          id,
          Records.map((record) => toLambda(record, streamArn)),
        ))
      )
        return handled
      handled += Records.length
      const last = Records.at(-1)?.dynamodb?.SequenceNumber
      if (last !== undefined) seen.set(id, last)
      if (NextShardIterator === undefined) finished.add(id)
      else iterators.set(id, NextShardIterator)
    }
    return handled
  }

  async function shardsOf(streamArn: string): Promise<Shard[]> {
    const shards: Shard[] = []
    let after: string | undefined
    do {
      const { StreamDescription } = await aws.streams('DescribeStream', {
        StreamArn: streamArn,
        ...(after === undefined ? {} : { ExclusiveStartShardId: after }),
      })
      shards.push(...(StreamDescription?.Shards ?? []))
      after = StreamDescription?.LastEvaluatedShardId
    } while (after !== undefined)
    return shards
  }

  async function iteratorOf(streamArn: string, shardId: string): Promise<string> {
    const last = seen.get(shardId)
    const { ShardIterator } = await aws.streams('GetShardIterator', {
      StreamArn: streamArn,
      ShardId: shardId,
      ...(last === undefined
        ? { ShardIteratorType: 'TRIM_HORIZON' }
        : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: last }),
    })
    return ShardIterator ?? ''
  }

  /** @returns false where the pump was stopped before the batch was done */
  async function deliver(streamArn: string, shardId: string, batch: readonly StreamRecord[]): Promise<boolean> {
    let left = [...batch]
    for (let attempt = 1; left.length > 0; attempt++) {
      if (ended.signal.aborted) return false
      try {
        const answer = await options.handler({ Records: left })
        const failed = answer?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier) ?? []
        if (failed.length === 0) return true
        const from = left.findIndex(({ dynamodb }) => failed.includes(dynamodb.SequenceNumber))
        // An identifier that is none of the batch's fails all of it, as it does in Lambda.
        left = left.slice(Math.max(0, from))
      } catch (error) {
        errors.push(error)
      }
      if (attempt === options.attempts) {
        await options.onGiveUp?.(givenUp(streamArn, shardId, left, attempt))
        return true
      }
      await rest(intervalMs)
    }
    return true
  }

  async function run(): Promise<void> {
    let iterators = new Map<string, string>()
    while (!ended.signal.aborted) {
      try {
        const { Streams = [] } = await aws.streams('ListStreams', { TableName: options.table })
        const streamArn = Streams[0]?.StreamArn
        while (streamArn !== undefined && !ended.signal.aborted) {
          const handled = await round(streamArn, iterators)
          quiet = handled === 0 ? quiet + 1 : 0
          if (handled === 0) await rest(intervalMs)
        }
      } catch (error) {
        // The emulator restarts, or an iterator grew old: a new one starts behind what was handled.
        if (!(error instanceof AwsError)) throw error
        iterators = new Map()
        quiet = 0
      }
      await rest(intervalMs)
    }
  }

  const running = run()
  return {
    errors,
    async drained() {
      quiet = 0
      while (quiet < QUIET_LOOKS && !ended.signal.aborted) await rest(intervalMs)
    },
    async stop() {
      ended.abort()
      await running
    },
  }
}

function toLambda(record: _Record, streamArn: string): StreamRecord {
  const { dynamodb = {} } = record
  return {
    eventID: record.eventID ?? '',
    eventName: record.eventName ?? 'INSERT',
    eventVersion: record.eventVersion ?? '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: record.awsRegion ?? '',
    eventSourceARN: streamArn,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor((dynamodb.ApproximateCreationDateTime?.getTime() ?? 0) / 1_000),
      Keys: image(dynamodb.Keys ?? {}),
      ...(dynamodb.NewImage === undefined ? {} : { NewImage: image(dynamodb.NewImage) }),
      SequenceNumber: dynamodb.SequenceNumber ?? '',
      SizeBytes: dynamodb.SizeBytes ?? 0,
      StreamViewType: dynamodb.StreamViewType ?? 'NEW_IMAGE',
    },
  }
}

const image = (values: Record<string, AttributeValue>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, writeValues(value)]))

function givenUp(streamArn: string, shardId: string, records: readonly StreamRecord[], attempts: number): GivenUpBatch {
  const first = records[0]?.dynamodb
  const last = records.at(-1)?.dynamodb
  const time = (at: number | undefined) => new Date(1_000 * (at ?? 0)).toISOString()
  return {
    requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: attempts },
    version: '1.0',
    timestamp: new Date().toISOString(),
    DDBStreamBatchInfo: {
      shardId,
      startSequenceNumber: first?.SequenceNumber ?? '',
      endSequenceNumber: last?.SequenceNumber ?? '',
      approximateArrivalOfFirstRecord: time(first?.ApproximateCreationDateTime),
      approximateArrivalOfLastRecord: time(last?.ApproximateCreationDateTime),
      batchSize: records.length,
      streamArn,
    },
  }
}
