import { type LogAndTasks, packed, readLog, someLog, taskStoreSuite, unsigned } from '@w3bstream/core/ports/suites'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DynamoMessageLog } from '../log/DynamoMessageLog.ts'
import { SegmentWriter } from '../log/SegmentWriter.ts'
import { type StreamPump, streamPump, testAws } from '../testing/index.ts'
import { DynamoTaskStore } from './DynamoTaskStore.ts'
import { openState } from './openState.ts'

const aws = testAws()
const clock = { now: Date.now }

for (const client of ['fetch', 'sdk'] as const)
  describe(`DynamoTaskStore over ${client}`, () => {
    let both: LogAndTasks
    let pump: StreamPump
    beforeAll(async () => {
      const { tables, bucket } = await aws.make()
      const calls = aws[client]
      const { table } = await openState({ aws: calls }, { table: tables.state })
      const messages = new DynamoMessageLog(
        { aws: calls },
        { messagesTable: tables.messages, stateTable: tables.state, bucket },
      )
      const writer = new SegmentWriter({ aws: calls, clock }, { stateTable: tables.state })
      pump = streamPump(calls, {
        table: tables.messages,
        handler: async ({ Records }) => {
          await writer.write(Records)
          return undefined
        },
      })
      const tasks = new DynamoTaskStore(
        { table, log: messages, clock, telemetry: { log() {} } },
        // The emulator's writers share a clock, and its indexes follow at once.
        { settleMs: 300 },
      )
      both = { messages, tasks }
    })
    afterAll(() => pump.stop())

    taskStoreSuite(async () => both)

    it('finds the task of each message where a log has tasks of many sizes', async () => {
      const { tasks } = both
      const log = someLog()
      const sizes = [1, 5, 2, 1, 4]
      for (const count of sizes) {
        const { created, ids } = await packed(both, { log, count })
        expect(await tasks.members(created.id)).toEqual(ids)
        for (const [index, messageId] of ids.entries())
          expect(await tasks.membership(messageId)).toEqual({ task: created.id, messageId, index })
      }
      await both.messages.append([unsigned(log, 'waits')])
      const [waiting] = await readLog(both.messages, log, 1, await tasks.cursor(log))
      if (waiting !== undefined) expect(await tasks.membership(waiting.message.id)).toBeNull()
    })
  })
