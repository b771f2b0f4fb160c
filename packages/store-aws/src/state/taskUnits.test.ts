import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { nextTask, someLog, step, unsigned } from '@w3bstream/core/ports/suites'
import { toHex } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import type { Aws } from '../calls/Aws.ts'
import { DynamoMessageLog } from '../log/DynamoMessageLog.ts'
import { testAws } from '../testing/index.ts'
import type { Item } from './attribute.ts'
import { DynamoTaskStore } from './DynamoTaskStore.ts'
import { openState } from './openState.ts'

const aws = testAws()
const by = { at: 1_767_225_600_000, actor: '0x00000000000000000000000000000000000000aa', reason: '' }
const utf8 = (text: string): number => new TextEncoder().encode(text).length

/** An attribute's bytes, as "DynamoDB item sizes and formats" of its developer guide counts them. */
function sizeOf(value: AttributeValue): number {
  if (value.S !== undefined) return utf8(value.S)
  if (value.N !== undefined) return Math.ceil(value.N.length / 2) + 1
  if (value.B !== undefined) return value.B.length
  if (value.M !== undefined)
    return 3 + Object.entries(value.M).reduce((sum, [k, v]) => sum + 1 + utf8(k) + sizeOf(v), 0)
  return 1
}
const itemSize = (item: Item): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + utf8(name) + sizeOf(value), 0)
const keyOf = (item: Item): Item => ({ pk: item.pk ?? { S: '' }, sk: item.sk ?? { S: '' } })

/** Write units by "DynamoDB read and write operations": a transaction's count twice; an index entry that moves is deleted and written. */
function priced(to: Aws, table: string, units: number[]): Aws {
  const stored = async (key: Item): Promise<Item> =>
    (await to.dynamo('GetItem', { TableName: table, Key: key, ConsistentRead: true })).Item ?? {}
  const indexUnits = (before: Item, after: Item): number =>
    [
      ['os', 'oa', 'at'],
      ['lp', 'la'],
      ['fs', 'fp'],
    ].reduce((sum, names) => {
      const entry = (item: Item): string | null =>
        item[names[0] ?? ''] === undefined ? null : JSON.stringify(names.map((name) => item[name]))
      const [was, is] = [entry(before), entry(after)]
      return was === is ? sum : sum + (was === null ? 0 : 1) + (is === null ? 0 : 1)
    }, 0)
  return {
    ...to,
    dynamo: async (operation, input, options) => {
      const transacted = 'TransactItems' in input ? (input.TransactItems ?? []) : null
      const keys =
        transacted?.map(({ Put, Update }) => (Put?.Item ? keyOf(Put.Item) : (Update?.Key ?? {}))) ??
        (operation === 'UpdateItem' && 'Key' in input ? [input.Key ?? {}] : [])
      const before = await Promise.all(keys.map(stored))
      const answer = await to.dynamo(operation, input, options)
      const after = await Promise.all(keys.map(stored))
      for (const [i, item] of after.entries()) {
        const was = before[i] ?? {}
        const size = Math.max(itemSize(was), itemSize(item))
        units.push((transacted === null ? 1 : 2) * Math.ceil(size / 1024) + indexUnits(was, item))
      }
      return answer
    },
  }
}

describe("a task's write units", () => {
  it('are as README.md says', async () => {
    const units: number[] = []
    const { tables, bucket } = await aws.make()
    const { table } = await openState({ aws: priced(aws.direct, tables.state, units) }, { table: tables.state })
    const tasks = new DynamoTaskStore({
      table,
      log: new DynamoMessageLog(
        { aws: aws.direct },
        { messagesTable: tables.messages, stateTable: tables.state, bucket },
      ),
      clock: { now: Date.now },
      telemetry: { log() {} },
    })
    const spent = async (work: Promise<unknown>): Promise<number> => {
      units.length = 0
      await work
      return units.reduce((sum, one) => sum + one, 0)
    }
    const log = someLog()
    const draft = await nextTask(tasks, log, [{ position: 1_025, message: unsigned(log, 'a').message }])
    const { id } = draft
    expect(await spent(tasks.create(draft))).toBe(16)
    expect(await spent(tasks.advance(id, step.assign(id), by))).toBe(7)
    expect(await spent(tasks.lease(id, 'prover-1/0123456789abcdef', by.at, 1_000))).toBe(1)
    expect(await spent(tasks.renew(id, 1n, by.at, 1_000))).toBe(1)
    expect(await spent(tasks.note(id, 1n, by))).toBe(5)
    const prove = step.prove(id, 1n)
    if (!('proof' in prove)) throw new Error('a proof was asked for')
    const twoWords = { ...prove, proof: { ...prove.proof, outputs: toHex(new Uint8Array(64)) } }
    expect(await spent(tasks.advance(id, twoWords, by))).toBe(7)
    expect(await spent(tasks.advance(id, { to: 'submitted' }, by))).toBe(7)
    expect(await spent(tasks.advance(id, step.settle(), by))).toBe(9)
    expect(await spent(tasks.advance(id, { to: 'finalized' }, by))).toBe(9)
  })
})
