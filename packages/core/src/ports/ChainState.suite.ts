import { randomBytes } from 'node:crypto'
import type { Address, ProjectRecord, TaskId } from '@w3bstream/protocol'
import { projectId, toHex } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import type { Attempt, ChainState } from './ChainState.ts'
import { NOW, randomAddress, randomHash, randomTaskId, someProject } from './fixtures.suite.ts'

/** What every ChainState does. @param make a state, empty or not */
export const chainStateSuite = (make: () => Promise<ChainState>): void => {
  const record = (fields: Partial<ProjectRecord> = {}): ProjectRecord => ({
    id: someProject(),
    uri: 'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
    hash: randomHash(),
    paused: false,
    owner: randomAddress(),
    block: 10n,
    ...fields,
  })

  describe('cursors and projects', () => {
    it('starts with nothing', async () => {
      const state = await make()
      expect(await state.cursor('never')).toBeNull()
      expect(await state.project(someProject())).toBeNull()
    })

    it('moves a cursor together with the records that led to it', async () => {
      const state = await make()
      const name = randomHash()
      const [a, b] = [record(), record({ id: projectId(2n ** 64n - 1n), owner: null, paused: true })]
      const cursor = { block: 2n ** 65n, hash: randomHash() }
      await state.advanceCursor(name, cursor, [a, b])
      expect(await state.cursor(name)).toEqual(cursor)
      expect(await state.project(a.id)).toEqual(a)
      expect(await state.project(b.id)).toEqual(b)
      const next = { block: cursor.block + 1n, hash: randomHash() }
      await state.advanceCursor(name, next, [{ ...a, paused: true, block: next.block }])
      expect(await state.cursor(name)).toEqual(next)
      expect(await state.project(a.id)).toEqual({ ...a, paused: true, block: next.block })
      const all = await state.projects()
      expect(all.filter(({ id }) => id === a.id || id === b.id)).toHaveLength(2)
    })

    it('saves a record by itself', async () => {
      const state = await make()
      const one = record()
      await state.saveProject(one)
      await state.saveProject({ ...one, uri: 'file:1' })
      expect(await state.project(one.id)).toEqual({ ...one, uri: 'file:1' })
    })
  })

  describe('nonces', () => {
    const chainId = 4_690n
    const ask = (account: Address, tasks: readonly TaskId[], chainNext = 0) => ({
      chainId,
      account,
      tasks,
      chainNext,
      at: NOW,
    })
    const attempt = (fee: bigint): Attempt => ({
      hash: randomHash(),
      raw: toHex(randomBytes(300)),
      maxFeePerGas: fee,
      maxPriorityFeePerGas: 1n,
      at: NOW,
    })

    it('count up from what the chain says or the store gave, whichever is more', async () => {
      const state = await make()
      const account = randomAddress()
      expect(await state.nextNonce(chainId, account)).toBeNull()
      const tasks = [randomTaskId(), randomTaskId()]
      const first = await state.allocate(ask(account, tasks, 7))
      expect(first).toEqual({ chainId, account, nonce: 7, status: 'live', tasks, attempts: [], createdAt: NOW })
      expect(await state.nextNonce(chainId, account)).toBe(8)
      expect((await state.allocate(ask(account, [randomTaskId()], 3)))?.nonce).toBe(8)
      expect((await state.allocate(ask(account, [randomTaskId()], 20)))?.nonce).toBe(20)
      expect((await state.allocate(ask(randomAddress(), [randomTaskId()])))?.nonce).toBe(0)
      const elsewhere = { ...ask(account, [randomTaskId()]), chainId: 2n ** 70n }
      expect(await state.allocate(elsewhere)).toMatchObject({ chainId: 2n ** 70n, nonce: 0 })
    })

    it('are never given twice, and never two to one task, whoever races', async () => {
      const state = await make()
      const account = randomAddress()
      const tasks = Array.from({ length: 6 }, randomTaskId)
      const rows = await Promise.all([...tasks, ...tasks].map((task) => state.allocate(ask(account, [task]))))
      const given = rows.filter((row) => row !== null)
      expect(given).toHaveLength(tasks.length)
      expect(given.map(({ nonce }) => nonce).sort()).toEqual([0, 1, 2, 3, 4, 5])
      expect(given.flatMap((row) => row.tasks).sort()).toEqual([...tasks].sort())
    })

    it('leave out tasks that have one, until it is lost or used', async () => {
      const state = await make()
      const account = randomAddress()
      const [held, free] = [randomTaskId(), randomTaskId()]
      const row = await state.allocate(ask(account, [held]))
      const nonce = row?.nonce ?? -1
      expect((await state.allocate(ask(account, [held, free])))?.tasks).toEqual([free])
      expect(await state.allocate(ask(account, [held, free]))).toBeNull()
      await state.setStatus({ chainId, account, nonce, status: 'filled' })
      expect(await state.allocate(ask(account, [held]))).toBeNull()
      await state.setStatus({ chainId, account, nonce, status: 'lost' })
      expect((await state.allocate(ask(account, [held])))?.tasks).toEqual([held])
    })

    it('keep every signed attempt, in order, each once', async () => {
      const state = await make()
      const account = randomAddress()
      const nonce = (await state.allocate(ask(account, [randomTaskId()])))?.nonce ?? -1
      const attempts = [attempt(10n), attempt(2n ** 80n)]
      for (const one of attempts) await state.addAttempt({ chainId, account, nonce, attempt: one })
      const [again] = attempts
      if (again !== undefined) await state.addAttempt({ chainId, account, nonce, attempt: again })
      expect((await state.row(chainId, account, nonce))?.attempts).toEqual(attempts)
    })

    it('that were never given have neither attempts nor status', async () => {
      const state = await make()
      const account = randomAddress()
      expect(await state.row(chainId, account, 5)).toBeNull()
      await expect(state.addAttempt({ chainId, account, nonce: 5, attempt: attempt(1n) })).rejects.toThrow()
      await expect(state.setStatus({ chainId, account, nonce: 5, status: 'used' })).rejects.toThrow()
    })

    it('are open, lowest first, while live or filled', async () => {
      const state = await make()
      const account = randomAddress()
      for (let i = 0; i < 4; i++) await state.allocate(ask(account, [randomTaskId()]))
      await state.setStatus({ chainId, account, nonce: 1, status: 'filled' })
      await state.setStatus({ chainId, account, nonce: 0, status: 'used' })
      await state.setStatus({ chainId, account, nonce: 2, status: 'lost' })
      expect((await state.open(chainId, account)).map(({ nonce, status }) => [nonce, status])).toEqual([
        [1, 'filled'],
        [3, 'live'],
      ])
    })

    it('are found by task: the newest that is live or used', async () => {
      const state = await make()
      const account = randomAddress()
      const task = randomTaskId()
      expect(await state.rowOf(task)).toBeNull()
      await state.allocate(ask(account, [randomTaskId(), task]))
      expect(await state.rowOf(task)).toMatchObject({ nonce: 0, status: 'live' })
      await state.setStatus({ chainId, account, nonce: 0, status: 'lost' })
      expect(await state.rowOf(task)).toBeNull()
      await state.allocate(ask(account, [task]))
      await state.setStatus({ chainId, account, nonce: 1, status: 'used' })
      expect(await state.rowOf(task)).toMatchObject({ nonce: 1, status: 'used' })
      await state.allocate(ask(account, [task]))
      expect(await state.rowOf(task)).toMatchObject({ nonce: 2, status: 'live' })
    })
  })

  it('sums what a project spends on a day, at once too', async () => {
    const state = await make()
    const project = someProject()
    expect(await state.addSpend(project, '2026-01-01', 2n ** 80n)).toBe(2n ** 80n)
    await Promise.all(Array.from({ length: 10 }, () => state.addSpend(project, '2026-01-01', 1n)))
    expect(await state.addSpend(project, '2026-01-01', 0n)).toBe(2n ** 80n + 10n)
    expect(await state.addSpend(project, '2026-01-02', 5n)).toBe(5n)
    expect(await state.addSpend(someProject(), '2026-01-01', 7n)).toBe(7n)
  })
}
