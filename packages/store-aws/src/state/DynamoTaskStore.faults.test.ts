import type { StalePage, TaskPage } from '@w3bstream/core/ports'
import { nextTask, someLog, step, unsigned } from '@w3bstream/core/ports/suites'
import { StoreUnavailableError, type TaskId } from '@w3bstream/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Aws } from '../calls/Aws.ts'
import { DynamoMessageLog } from '../log/DynamoMessageLog.ts'
import { type TestDeployment, testAws } from '../testing/index.ts'
import { DynamoTaskStore } from './DynamoTaskStore.ts'
import { openState } from './openState.ts'

const aws = testAws()
const by = { at: 1, actor: 'x', reason: 'y' }
const LOST = { type: 'drop', when: 'after' } as const

describe('DynamoTaskStore, when calls go wrong', () => {
  let tasks: DynamoTaskStore
  let other: DynamoTaskStore
  /** Looks at three entries a page. */
  let short: DynamoTaskStore
  const open = async (
    client: Aws,
    { tables, bucket }: Pick<TestDeployment, 'tables' | 'bucket'>,
    options: { readonly maxEntries?: number } = {},
  ) => {
    const { table } = await openState({ aws: client }, { table: tables.state })
    const log = new DynamoMessageLog(
      { aws: client },
      { messagesTable: tables.messages, stateTable: tables.state, bucket },
    )
    return new DynamoTaskStore(
      { table, log, clock: { now: Date.now }, telemetry: { log() {} } },
      { settleMs: 0, ...options },
    )
  }
  beforeEach(async () => {
    aws.dynamo.proxy.clear()
    const deployment = await aws.make()
    tasks = await open(aws.fetch, deployment)
    other = await open(aws.sdk, deployment)
    short = await open(aws.fetch, deployment, { maxEntries: 3 })
  })
  const proxy = () => aws.dynamo.proxy
  const draft = async (log = someLog(), at = 1_025) =>
    nextTask(tasks, log, [{ position: at, message: unsigned(log, 'a').message }])
  const packedTask = async (): Promise<TaskId> => {
    const task = await draft()
    expect(await tasks.create(task)).toBe(true)
    return task.id
  }

  for (const fault of [LOST, { type: 'hang' }] as const) {
    it(`takes a step once whose answer was lost (${fault.type})`, async () => {
      const id = await packedTask()
      const lost = proxy().inject({ fault, operation: 'TransactWriteItems', times: 1 })
      const assign = step.assign(id)
      const record = await tasks.advance(id, assign, by)
      expect(lost.hits()).toBe(1)
      expect(record).toMatchObject({ state: 'assigned' })
      expect(await tasks.get(id)).toEqual(record)
      const lostAgain = proxy().inject({ fault, operation: 'TransactWriteItems', times: 1 })
      expect(await other.advance(id, { to: 'failed' }, by)).toMatchObject({ state: 'failed' })
      expect(lostAgain.hits()).toBe(1)
      expect((await tasks.states(id)).map(({ state }) => state)).toEqual(['packed', 'assigned', 'failed'])
    })

    it(`makes one task where the answer was lost (${fault.type})`, async () => {
      const task = await draft()
      const lost = proxy().inject({ fault, operation: 'TransactWriteItems', times: 1 })
      expect(await tasks.create(task)).toBe(true)
      expect(lost.hits()).toBe(1)
      expect(await tasks.create(task)).toBe(false)
      expect(await tasks.cursor(task.log)).toBe(task.upTo)
      expect(await tasks.states(task.id)).toHaveLength(1)
      expect((await tasks.list({ limit: 10 })).tasks).toHaveLength(1)
    })
  }

  it('takes a step once that comes through long after it was given up', async () => {
    const id = await packedTask()
    const late = proxy().inject({
      fault: { type: 'delay', ms: 2_500 },
      operation: 'TransactWriteItems',
      times: 1,
    })
    await tasks.advance(id, step.assign(id), by)
    expect(late.hits()).toBe(1)
    await tasks.advance(id, step.assign(id, 2n), by)
    // The late call is over when a later one on the same way has been answered later.
    proxy().inject({ fault: { type: 'delay', ms: 2_500 }, operation: 'GetItem', times: 1 })
    await tasks.get(id)
    expect((await tasks.states(id)).map(({ state }) => state)).toEqual(['packed', 'assigned', 'assigned'])
    expect((await tasks.get(id))?.assignment?.value.attempt).toBe(2n)
  })

  it('goes on when throttling ends, and says so while it does not, with nothing changed', async () => {
    const id = await packedTask()
    const slow = proxy().inject({ fault: { type: 'throttle' }, operation: 'TransactWriteItems', times: 12 })
    await tasks.advance(id, step.assign(id), by)
    expect(slow.hits()).toBe(12)
    proxy().inject({ fault: { type: 'throttle' }, operation: 'TransactWriteItems' })
    await expect(tasks.advance(id, { to: 'failed' }, by)).rejects.toThrow(StoreUnavailableError)
    await expect(tasks.create(await draft())).rejects.toThrow(StoreUnavailableError)
    proxy().clear()
    expect((await tasks.get(id))?.state).toBe('assigned')
    expect(await tasks.states(id)).toHaveLength(2)
    proxy().inject({ fault: { type: 'throttle' }, operation: 'GetItem' })
    await expect(tasks.get(id)).rejects.toThrow(StoreUnavailableError)
  })

  it('makes one task of two packers, however their answers are lost', async () => {
    for (let round = 0; round < 4; round++) {
      const log = someLog()
      const racers = await Promise.all([draft(log), draft(log), draft(log, 1_030)])
      proxy().inject({ fault: LOST, operation: 'TransactWriteItems', times: 2 })
      const outcomes = await Promise.all(racers.map((racer) => tasks.create(racer)))
      expect(outcomes.filter(Boolean)).toHaveLength(1)
      const winner = racers[outcomes.indexOf(true)]
      expect(await tasks.cursor(log)).toBe(winner?.upTo)
      expect((await tasks.list({ projectId: log.projectId, limit: 9 })).tasks.map(({ id }) => id)).toEqual([winner?.id])
    }
  })

  it('counts a try once, and leases and renews, where the answer was lost', async () => {
    const id = await packedTask()
    await tasks.advance(id, step.assign(id), by)
    const lose = () => proxy().inject({ fault: LOST, operation: 'UpdateItem', times: 1 })
    lose()
    expect(await tasks.countTry(id, 'no answer')).toBe(1)
    lose()
    const lease = await tasks.lease(id, 'worker', 1_000, 500)
    expect(await tasks.lease(id, 'other', 1_000, 500)).toBeNull()
    lose()
    expect(await tasks.renew(id, lease?.token ?? -1n, 1_100, 500)).toEqual({ token: lease?.token, until: 1_600 })
    lose()
    await tasks.release(id, lease?.token ?? -1n)
    expect(await tasks.lease(id, 'other', 1_100, 500)).not.toBeNull()
    expect((await tasks.get(id))?.tries).toBe(1)
  })

  it('does not forget a try that is counted while a step is taken', async () => {
    const id = await packedTask()
    const slow = proxy().inject({ fault: { type: 'delay', ms: 200 }, operation: 'TransactWriteItems', times: 1 })
    const assigned = tasks.advance(id, step.assign(id), by)
    await expect.poll(slow.hits).toBe(1)
    await tasks.countTry(id, 'no answer')
    await assigned
    expect(await tasks.get(id)).toMatchObject({ state: 'assigned', tries: 1 })
  })

  it('gives back whole lists where a batch of reads comes back in parts', async () => {
    const log = someLog()
    for (let i = 1; i <= 3; i++) expect(await tasks.create(await draft(log, i))).toBe(true)
    proxy().inject({ fault: { type: 'unprocessed', keep: 1 }, operation: 'BatchGetItem', times: 2 })
    expect((await tasks.list({ projectId: log.projectId, limit: 9 })).tasks).toHaveLength(3)
  })

  it('tells a step of another process, once it has settled, and none twice', async () => {
    const { next } = await other.feed(null, 10)
    const id = await packedTask()
    await tasks.advance(id, step.assign(id), by)
    const seen: string[] = []
    let after = next
    await expect
      .poll(async () => {
        const page = await other.feed(after, 1)
        after = page.next
        seen.push(...page.entries.map(({ entry }) => entry.state))
        return seen
      })
      .toEqual(['packed', 'assigned'])
    expect((await other.feed(after, 10)).entries).toEqual([])
  })

  it('finds the ended tasks of a project, and of all, page by page', async () => {
    const log = someLog()
    const ids: TaskId[] = []
    for (let i = 1; i <= 5; i++) {
      const task = { ...(await draft(log, i)), at: i }
      expect(await tasks.create(task)).toBe(true)
      ids.unshift(task.id)
      await tasks.advance(task.id, step.assign(task.id), by)
      const lease = await tasks.lease(task.id, 'worker', 1, 1)
      await tasks.advance(task.id, step.prove(task.id, lease?.token ?? -1n), by)
      await tasks.advance(task.id, step.settle(), by)
      if (i !== 3) await tasks.advance(task.id, { to: 'finalized' }, by)
    }
    const ended = ids.filter((_, i) => i !== 2)
    for (const projectId of [log.projectId, undefined]) {
      const filter = { state: 'finalized', limit: 3, ...(projectId === undefined ? {} : { projectId }) } as const
      const page = (await tasks.list(filter)).tasks.map(({ id }) => id)
      expect(page).toEqual(ended.slice(0, 3))
      const before = page.at(-1)
      if (before === undefined) throw new Error('the page is empty')
      expect((await tasks.list({ ...filter, before })).tasks.map(({ id }) => id)).toEqual(ended.slice(3))
    }
    expect((await tasks.list({ limit: 2 })).tasks.map(({ id }) => id)).toEqual(ids.slice(0, 2))
  })

  it('looks for the few ended tasks of a project in growing steps, however few are asked for', async () => {
    const log = someLog()
    const ended = await draft(log, 1)
    expect(await tasks.create(ended)).toBe(true)
    await tasks.advance(ended.id, step.assign(ended.id), by)
    const lease = await tasks.lease(ended.id, 'worker', 1, 1)
    await tasks.advance(ended.id, step.prove(ended.id, lease?.token ?? -1n), by)
    await tasks.advance(ended.id, step.settle(), by)
    await tasks.advance(ended.id, { to: 'finalized' }, by)
    for (let i = 2; i <= 9; i++) expect(await tasks.create({ ...(await draft(log, i)), at: ended.at + i })).toBe(true)
    proxy().clear()
    const found = (await tasks.list({ projectId: log.projectId, state: 'finalized', limit: 1 })).tasks
    expect(found.map(({ id }) => id)).toEqual([ended.id])
    expect(proxy().count('Query')).toBe(1)
    // Of one, two, four and the two that are left.
    expect(proxy().count('BatchGetItem')).toBe(4)
  })

  it('looks at no more than so much for a page of resting tasks, and leaves none out', async () => {
    const ids: TaskId[] = []
    for (let i = 1; i <= 8; i++) {
      const task = { ...(await draft()), at: i }
      expect(await tasks.create(task)).toBe(true)
      ids.push(task.id)
    }
    for (const [i, id] of ids.entries()) if (i < 7) await tasks.advance(id, step.assign(id), { ...by, at: 100 + i })
    const pages: TaskId[][] = []
    let after: string | null = null
    do {
      proxy().clear()
      const page: StalePage = await short.stale('assigned', 105, 2, after)
      // At most three entries from each of four partitions.
      expect(proxy().count('Query')).toBeLessThanOrEqual(8)
      pages.push(page.tasks.map(({ id }) => id))
      after = page.next
    } while (after !== null)
    expect(pages.flat()).toEqual(ids.slice(0, 6))
    const none = await short.stale('assigned', 99, 2, null)
    expect(none.tasks).toEqual([])
    expect(none.next).not.toBeNull()
  })

  it('looks at no more than so much for a page of a list, and leaves none out', async () => {
    const [ours, theirs] = [someLog(), someLog()]
    const ids: TaskId[] = []
    for (let i = 1; i <= 12; i++) {
      const log = i === 2 || i === 11 ? ours : theirs
      const task = { ...(await draft(log, i)), at: i }
      expect(await tasks.create(task)).toBe(true)
      if (log === ours) ids.unshift(task.id)
    }
    // The ended ones are looked for among the project's own, the others among all in their state.
    for (const [log, state, expected] of [
      [ours, 'packed', ids],
      [theirs, 'finalized', []],
    ] as const) {
      const pages: TaskId[][] = []
      let before: TaskId | null = null
      do {
        proxy().clear()
        const filter = { projectId: log.projectId, state, limit: 2, ...(before === null ? {} : { before }) }
        const page: TaskPage = await short.list(filter)
        // At most three entries from each of four partitions.
        expect(proxy().count('Query')).toBeLessThanOrEqual(8)
        expect(proxy().count('BatchGetItem')).toBeLessThanOrEqual(2)
        pages.push(page.tasks.map(({ id }) => id))
        before = page.next
      } while (before !== null)
      expect(pages.flat()).toEqual(expected)
      expect(pages.length).toBeGreaterThan(3)
    }
  })

  it('begins from now on after a place that is yet to come', async () => {
    const { next } = await other.feed('9999999999999999', 10)
    const id = await packedTask()
    await expect.poll(async () => (await other.feed(next, 10)).entries.map(({ taskId }) => taskId)).toEqual([id])
  })

  it('keeps a reason with half a character in it', async () => {
    const id = await packedTask()
    const failed = await tasks.advance(id, { to: 'failed' }, { ...by, reason: `trap: \ud800 ${'😀'.repeat(400)}` })
    expect(failed.failure).toMatch(/^trap: \ufffd 😀{100}.*😀\ufffd…$/u)
    expect(await tasks.get(id)).toEqual(failed)
    expect((await tasks.states(id)).at(-1)?.reason).toBe(failed.failure)
  })

  it('cuts a long reason, which stands in the item that each step rewrites', async () => {
    const id = await packedTask()
    const failed = await tasks.advance(id, { to: 'failed' }, { ...by, reason: 'x'.repeat(100_000) })
    expect(failed.failure).toBe(`${'x'.repeat(499)}…`)
    expect((await tasks.get(id))?.failure).toBe(failed.failure)
  })
})
