import type { Append } from '@w3bstream/core/ports'
import { onTestFinished } from 'vitest'
import type { Aws } from '../calls/Aws.ts'
import { DynamoTaskStore } from '../state/DynamoTaskStore.ts'
import { openState } from '../state/openState.ts'
import { type StreamPump, type StreamPumpOptions, type StreamRecord, streamPump } from '../testing/streamPump.ts'
import type { TestAws } from '../testing/testAws.ts'
import { DynamoMessageLog } from './DynamoMessageLog.ts'
import type { LogOptions } from './LogOptions.ts'
import { SegmentWriter } from './SegmentWriter.ts'

export const clock = { now: () => Date.now() }

/** A deployment's log in tables of its own, and what tests do to it. */
export interface LogWorld {
  readonly options: LogOptions
  readonly messages: DynamoMessageLog
  readonly tasks: DynamoTaskStore
  readonly writer: SegmentWriter
  /** Another process's. */
  newWriter(aws?: Aws): SegmentWriter
  newMessages(aws?: Aws): DynamoMessageLog
  /** Feeds the stream to a function until the test ends. */
  pump(
    handler: (records: readonly StreamRecord[]) => Promise<unknown>,
    options?: Partial<StreamPumpOptions>,
  ): StreamPump
  /** Appends one after the other, a batch post last and whole, and gives the stream's records of it, which nobody has ordered. */
  records(entries: readonly Append[]): Promise<StreamRecord[]>
  /** All records of the stream so far. */
  allRecords(): Promise<StreamRecord[]>
}

/** @param calls what the log and the writer call through; the stream is read around the proxies */
export async function logWorld(aws: TestAws, calls: Aws = aws.fetch): Promise<LogWorld> {
  const { tables, bucket } = await aws.make()
  const options = { messagesTable: tables.messages, stateTable: tables.state, bucket }
  const newMessages = (own = calls) => new DynamoMessageLog({ aws: own }, options)
  const newWriter = (own = calls) => new SegmentWriter({ aws: own, clock }, options)
  const messages = newMessages()
  const { table } = await openState({ aws: calls }, { table: tables.state })
  const tasks = new DynamoTaskStore({ table, log: messages, clock, telemetry: { log: () => {} } }, { settleMs: 0 })
  const pump: LogWorld['pump'] = (handler, more = {}) => {
    const started = streamPump(aws.direct, {
      table: tables.messages,
      handler: async ({ Records }) => {
        await handler(Records)
        return undefined
      },
      ...more,
    })
    onTestFinished(() => started.stop())
    return started
  }
  const allRecords = async () => {
    const all: StreamRecord[] = []
    const reading = pump(async (records) => all.push(...records), { batchSize: 1_000 })
    await reading.drained()
    await reading.stop()
    return all
  }
  return {
    options,
    messages,
    tasks,
    writer: newWriter(),
    newWriter,
    newMessages,
    pump,
    allRecords,
    async records(entries) {
      const before = (await allRecords()).length
      const posted = entries.filter((entry) => entry.batch === true)
      for (const entry of entries) if (entry.batch !== true) await messages.append([entry])
      await messages.append(posted)
      return (await allRecords()).slice(before)
    },
  }
}
