import { messageLogSuite } from '@w3bstream/core/ports/suites'
import { describe, onTestFinished } from 'vitest'
import { DynamoTaskStore } from '../state/DynamoTaskStore.ts'
import { openState } from '../state/openState.ts'
import { streamPump } from '../testing/streamPump.ts'
import { testAws } from '../testing/testAws.ts'
import { DynamoMessageLog } from './DynamoMessageLog.ts'
import { SegmentWriter } from './SegmentWriter.ts'

const clock = { now: () => Date.now() }

describe('DynamoMessageLog', () => {
  const aws = testAws()

  describe.each(['sdk', 'fetch'] as const)('over %s', (client) => {
    messageLogSuite(async () => {
      const { tables, bucket } = await aws.make()
      const calls = aws[client]
      const messages = new DynamoMessageLog(
        { aws: calls },
        { messagesTable: tables.messages, stateTable: tables.state, bucket },
      )
      const { table } = await openState({ aws: calls }, { table: tables.state })
      const tasks = new DynamoTaskStore({ table, log: messages, clock, telemetry: { log: () => {} } })
      const writer = new SegmentWriter({ aws: calls, clock }, { stateTable: tables.state })
      const pump = streamPump(calls, {
        table: tables.messages,
        handler: async ({ Records }) => {
          await writer.write(Records)
          return undefined
        },
      })
      onTestFinished(() => pump.stop())
      return { messages, tasks }
    })
  })
})
