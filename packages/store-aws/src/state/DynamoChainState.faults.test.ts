import { randomBytes } from 'node:crypto'
import type { Attempt } from '@w3bstream/core/ports'
import {
  type Address,
  hash,
  type ProjectRecord,
  projectId,
  StoreUnavailableError,
  type TaskId,
  taskId,
  toHex,
} from '@w3bstream/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Aws } from '../calls/Aws.ts'
import { AwsError } from '../calls/AwsError.ts'
import { testAws } from '../testing/index.ts'
import { DynamoChainState } from './DynamoChainState.ts'
import { openState } from './openState.ts'

const aws = testAws()
const chainId = 4_690n
const LOST = { type: 'drop', when: 'after' } as const

const someHash = () => hash(toHex(randomBytes(32)))
const someTask = (): TaskId => taskId(toHex(randomBytes(32)))
const account: Address = '0x00000000000000000000000000000000000000aa'
const attempt = (): Attempt => ({
  hash: someHash(),
  raw: toHex(randomBytes(300)),
  maxFeePerGas: 1n,
  maxPriorityFeePerGas: 1n,
  at: 1,
})
const record = (id: number): ProjectRecord => ({
  id: projectId(id),
  uri: `file:${id}`,
  hash: someHash(),
  paused: false,
  owner: null,
  block: 1n,
})

describe('DynamoChainState, when calls go wrong', () => {
  let state: DynamoChainState
  beforeEach(async () => {
    aws.dynamo.proxy.clear()
    const { tables } = await aws.make()
    state = new DynamoChainState(await openState({ aws: aws.fetch }, { table: tables.state }))
  })
  const proxy = () => aws.dynamo.proxy
  const ask = (tasks: readonly TaskId[]) => ({ chainId, account, tasks, chainNext: 0, at: 1 })

  for (const fault of [LOST, { type: 'hang' }] as const)
    it(`gives one nonce where the answer was lost (${fault.type})`, async () => {
      const task = someTask()
      const lost = proxy().inject({ fault, operation: 'TransactWriteItems', times: 1 })
      expect(await state.allocate(ask([task]))).toMatchObject({ nonce: 0, tasks: [task] })
      expect(lost.hits()).toBe(1)
      expect(await state.allocate(ask([task]))).toBeNull()
      expect(await state.nextNonce(chainId, account)).toBe(1)
      expect(await state.open(chainId, account)).toHaveLength(1)
    })

  it('gives the nonce that it took, though that was told only after it had looked', async () => {
    const { tables } = await aws.make()
    let late: (() => Promise<unknown>) | null = null
    const slow: Aws = {
      ...aws.fetch,
      async dynamo(operation, input, options) {
        if (operation === 'TransactWriteItems' && late === null) {
          late = () => aws.fetch.dynamo(operation, input, options)
          throw new AwsError({ code: 'Timeout', message: 'no answer', status: 0, retryable: true })
        }
        // The third look: the nonce was looked for, and was not there yet.
        if (operation === 'BatchGetItem') await late?.()
        return aws.fetch.dynamo(operation, input, options)
      },
    }
    const racing = new DynamoChainState(await openState({ aws: slow }, { table: tables.state }))
    const task = someTask()
    expect(await racing.allocate(ask([task]))).toMatchObject({ nonce: 0, tasks: [task] })
  })

  it('gives each task one nonce, with settlers racing while answers are lost', async () => {
    const tasks = Array.from({ length: 5 }, someTask)
    proxy().inject({ fault: LOST, operation: 'TransactWriteItems', times: 4 })
    const rows = await Promise.all([...tasks, ...tasks].map((task) => state.allocate(ask([task]))))
    const given = rows.filter((row) => row !== null)
    expect(given.map(({ nonce }) => nonce).sort()).toEqual([0, 1, 2, 3, 4])
    expect(given.flatMap((row) => row.tasks).sort()).toEqual([...tasks].sort())
    expect(await state.nextNonce(chainId, account)).toBe(5)
  })

  it('keeps an attempt once, a status and a sum, where the answers were lost', async () => {
    const task = someTask()
    await state.allocate(ask([task]))
    const one = attempt()
    proxy().inject({ fault: LOST, operation: 'PutItem', times: 1 })
    expect((await state.addAttempt({ chainId, account, nonce: 0, attempt: one })).attempts).toEqual([one])
    expect((await state.row(chainId, account, 0))?.attempts).toEqual([one])
    proxy().inject({ fault: LOST, operation: 'PutItem', times: 1 })
    expect(await state.addSpend(projectId(1), '2026-01-01', 5n)).toBe(5n)
    expect(await state.addSpend(projectId(1), '2026-01-01', 0n)).toBe(5n)
    proxy().inject({ fault: LOST, operation: 'TransactWriteItems', times: 1 })
    await state.setStatus({ chainId, account, nonce: 0, status: 'lost' })
    expect(await state.open(chainId, account)).toEqual([])
    expect((await state.allocate(ask([task])))?.nonce).toBe(1)
  })

  it('keeps attempts of two who add at once, each once and both', async () => {
    await state.allocate(ask([someTask()]))
    const attempts = Array.from({ length: 6 }, attempt)
    await Promise.all(attempts.map((one) => state.addAttempt({ chainId, account, nonce: 0, attempt: one })))
    const kept = (await state.row(chainId, account, 0))?.attempts.map((one) => one.hash)
    expect([...(kept ?? [])].sort()).toEqual(attempts.map((one) => one.hash).sort())
  })

  it('moves a cursor past more records than a transaction takes, and not past those that could not be written', async () => {
    const records = Array.from({ length: 250 }, (_, i) => record(i + 1))
    const cursor = { block: 7n, hash: someHash() }
    proxy().inject({
      fault: { type: 'throttle' },
      operation: 'TransactWriteItems',
      when: ({ input }) => JSON.stringify(input).includes('file:250'),
    })
    await expect(state.advanceCursor('registry', cursor, records)).rejects.toThrow(StoreUnavailableError)
    expect(await state.cursor('registry')).toBeNull()
    proxy().clear()
    const newer = { ...record(250), uri: 'file:newer' }
    await state.advanceCursor('registry', cursor, [...records, newer])
    expect(await state.cursor('registry')).toEqual(cursor)
    expect(await state.projects()).toHaveLength(250)
    expect(await state.project(projectId(250))).toEqual(newer)
  })

  it('keeps the newer of two records, whichever process saves last', async () => {
    const [older, newer] = [
      { ...record(7), block: 9n },
      { ...record(7), block: 10n },
    ]
    await state.advanceCursor('registry', { block: 10n, hash: someHash() }, [newer])
    await state.saveProject(older)
    expect(await state.project(projectId(7))).toEqual(newer)
    const newest = { ...record(7), block: 11n }
    proxy().inject({ fault: LOST, operation: 'PutItem', times: 1 })
    await state.saveProject(newest)
    expect(await state.project(projectId(7))).toEqual(newest)
    await Promise.all([13n, 12n, 15n, 14n].map((block) => state.saveProject({ ...record(7), block })))
    expect((await state.project(projectId(7)))?.block).toBe(15n)
  })

  it('opens a row again that was closed, unless its task has another nonce by then', async () => {
    const [one, two] = [someTask(), someTask()]
    await state.allocate(ask([one]))
    await state.allocate(ask([two]))
    await state.setStatus({ chainId, account, nonce: 0, status: 'lost' })
    await state.setStatus({ chainId, account, nonce: 0, status: 'live' })
    expect(await state.allocate(ask([one]))).toBeNull()
    expect(await state.open(chainId, account)).toHaveLength(2)
    await state.setStatus({ chainId, account, nonce: 1, status: 'lost' })
    await state.allocate(ask([two]))
    await expect(state.setStatus({ chainId, account, nonce: 1, status: 'live' })).rejects.toThrow('another live nonce')
  })
})
