import {
  canStep,
  IllegalTransitionError,
  type ProjectId,
  StaleLeaseError,
  type StateLogEntry,
  type TaskId,
  TaskNotFoundError,
  type TaskRecord,
  type TaskState,
  taskNumber,
  traceIdOf,
} from '@w3bstream/protocol'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  by,
  type LogAndTasks,
  NOW,
  nextTask,
  PROVER,
  packed,
  randomAddress,
  randomTaskId,
  readLog,
  SEQUENCER,
  someLog,
  someMessage,
  step,
  unsigned,
} from './fixtures.suite.ts'
import type { FeedEntry, StalePage, TaskPage, TaskStep, TaskStore } from './TaskStore.ts'

/** @param between two pages */
async function everyStale(
  tasks: TaskStore,
  state: TaskState,
  until: number,
  limit: number,
  between: () => Promise<void> = async () => {},
): Promise<TaskId[]> {
  const found: TaskId[] = []
  let after: string | null = null
  do {
    const page: StalePage = await tasks.stale(state, until, limit, after)
    expect(page.tasks.length).toBeLessThanOrEqual(limit)
    found.push(...page.tasks.map(({ id }) => id))
    after = page.next
    await between()
  } while (after !== null)
  return found
}

/** What every TaskStore does. @param make a store and the MessageLog whose logs it packs */
export const taskStoreSuite = (make: () => Promise<LogAndTasks>): void => {
  describe('packing', () => {
    it('stores the task whole, its members and the cursor', async () => {
      const both = await make()
      const { tasks } = both
      const { created, ids } = await packed(both)
      const record: TaskRecord = {
        id: created.id,
        task: created.task,
        vmType: created.vmType,
        salt: created.salt,
        state: 'packed',
        trace: traceIdOf(ids[0] ?? someMessage(created.log, '').id),
        createdAt: NOW,
        updatedAt: NOW,
        taskSignature: null,
        assignment: null,
        proof: null,
        result: null,
        settlement: null,
        tries: 0,
        failure: null,
      }
      expect(await tasks.get(created.id)).toEqual(record)
      expect(await tasks.byNumber(created.task.projectId, created.task.number)).toEqual(record)
      expect(await tasks.members(created.id)).toEqual(ids)
      expect(await tasks.cursor(created.log)).toBe(created.upTo)
      expect(await tasks.nextSequence(created.task.projectId, SEQUENCER)).toBe(2)
      expect(await tasks.states(created.id)).toMatchObject([{ state: 'packed', at: NOW, result: null }])
      for (const [index, messageId] of ids.entries())
        expect(await tasks.membership(messageId)).toEqual({ task: created.id, messageId, index })
    })

    it('starts a log at cursor 0 and a sequencer at 1', async () => {
      const { tasks } = await make()
      expect(await tasks.cursor(someLog())).toBe(0)
      expect(await tasks.nextSequence(someLog().projectId, randomAddress())).toBe(1)
    })

    it('knows nothing of what was never packed', async () => {
      const { messages, tasks } = await make()
      const log = someLog()
      const waiting = unsigned(log, 'a')
      await messages.append([waiting])
      expect(await tasks.membership(waiting.message.id)).toBeNull()
      expect(await tasks.membership(someMessage(log, 'b').id)).toBeNull()
      expect(await tasks.get(randomTaskId())).toBeNull()
      expect(await tasks.byNumber(log.projectId, 1n)).toBeNull()
      expect(await tasks.members(randomTaskId())).toEqual([])
      expect(await tasks.states(randomTaskId())).toEqual([])
    })

    it('makes one task of two packers on one cursor', async () => {
      const { messages, tasks } = await make()
      const log = someLog()
      await messages.append(['a', 'b', 'c'].map((payload) => unsigned(log, payload)))
      const read = await readLog(messages, log, 3)
      const racers = await Promise.all([3, 3, 2, 1].map((count) => nextTask(tasks, log, read.slice(0, count))))
      const outcomes = await Promise.all(racers.map((racer) => tasks.create(racer)))
      expect(outcomes.filter(Boolean)).toHaveLength(1)
      const winner = racers[outcomes.indexOf(true)]
      expect(await tasks.cursor(log)).toBe(winner?.upTo)
      expect(await tasks.nextSequence(log.projectId, SEQUENCER)).toBe(2)
      for (const racer of racers) expect((await tasks.get(racer.id)) === null).toBe(racer !== winner)
      for (const id of winner?.messageIds ?? []) expect((await tasks.membership(id))?.task).toBe(winner?.id)
    })

    it('makes one task of two sequencers on one cursor, each with its own right number', async () => {
      const { messages, tasks } = await make()
      const log = someLog()
      await messages.append(['a', 'b'].map((payload) => unsigned(log, payload)))
      const read = await readLog(messages, log, 2)
      const racers = await Promise.all(
        [randomAddress(), randomAddress()].map((sequencer) => nextTask(tasks, log, read, { sequencer })),
      )
      const outcomes = await Promise.all(racers.map((racer) => tasks.create(racer)))
      expect([...outcomes].sort()).toEqual([false, true])
    })

    it('refuses a number that is not the next, with nothing changed', async () => {
      const { messages, tasks } = await make()
      const log = someLog()
      await messages.append([unsigned(log, 'a')])
      const right = await nextTask(tasks, log, await readLog(messages, log, 1))
      for (const sequence of [0, 2, 9]) {
        const task = { ...right.task, number: taskNumber(SEQUENCER, sequence) }
        expect(await tasks.create({ ...right, task })).toBe(false)
      }
      expect(await tasks.cursor(log)).toBe(0)
      expect(await tasks.get(right.id)).toBeNull()
      expect(await tasks.create(right)).toBe(true)
    })

    it('counts each sequencer of each project by itself, over all its logs', async () => {
      const both = await make()
      const { messages, tasks } = both
      const { created } = await packed(both)
      const { projectId } = created.log
      await packed(both, { log: { projectId, version: '0.2' } })
      expect(await tasks.nextSequence(projectId, SEQUENCER)).toBe(3)
      const other = randomAddress()
      const log = { projectId, version: '0.3' }
      await messages.append([unsigned(log, 'a')])
      const task = await nextTask(tasks, log, await readLog(messages, log, 1), { sequencer: other })
      expect(task.task.number).toBe(taskNumber(other, 1))
      expect(await tasks.create(task)).toBe(true)
      expect(await tasks.nextSequence(projectId, SEQUENCER)).toBe(3)
      expect(await tasks.nextSequence(projectId, other)).toBe(2)
    })

    it('goes on after sequences that were used elsewhere, and never goes back', async () => {
      const both = await make()
      const { tasks } = both
      const { created } = await packed(both)
      const { projectId } = created.log
      await tasks.passSequences(projectId, SEQUENCER, 7)
      await tasks.passSequences(projectId, SEQUENCER, 3)
      expect(await tasks.nextSequence(projectId, SEQUENCER)).toBe(8)
      const next = await packed(both, { log: created.log })
      expect(next.created.task.number).toBe(taskNumber(SEQUENCER, 8))
      const other = randomAddress()
      await tasks.passSequences(projectId, other, 2)
      expect(await tasks.nextSequence(projectId, other)).toBe(3)
    })

    it('puts every message into exactly one task, with packers racing while messages come in', async () => {
      const { messages, tasks } = await make()
      const log = someLog()
      const total = 120
      const sent: string[] = []
      const writer = (async () => {
        for (let i = 0; i < total; i += 4) {
          const outcomes = await messages.append(Array.from({ length: 4 }, (_, j) => unsigned(log, `${i + j}`)))
          sent.push(...outcomes.map(({ id }) => id))
        }
      })()
      const made: TaskId[] = []
      let members = 0
      const pack = async (): Promise<void> => {
        while (members < total) {
          const read = await messages.read(log, await tasks.cursor(log), { count: 10, bytes: 100_000 })
          if (read.length === 0) {
            await new Promise((resolve) => setImmediate(resolve))
            continue
          }
          const task = await nextTask(tasks, log, read)
          const aligned = read.every(({ position }) => position > task.after)
          if (aligned && (await tasks.create(task))) {
            made.push(task.id)
            members += read.length
          }
        }
      }
      await Promise.all([writer, pack(), pack(), pack()])
      const inTasks = (await Promise.all(made.map((id) => tasks.members(id)))).flat()
      expect(inTasks.sort()).toEqual(sent.sort())
    })
  })

  describe('steps', () => {
    it('walk the whole road, and the log keeps each with its actor, reason and result', async () => {
      const both = await make()
      const { tasks } = both
      const { created } = await packed(both)
      const { id } = created
      const seen: StateLogEntry[] = []
      const stop = tasks.watch((task, entry, projectId) => {
        if (task === id && projectId === created.log.projectId) seen.push(entry)
      })
      const assign = step.assign(id)
      const assigned = await tasks.advance(id, assign, by('sequencer', NOW + 1))
      expect(assigned).toMatchObject({ state: 'assigned', updatedAt: NOW + 1, createdAt: NOW })
      if (assign.to === 'assigned') expect(assigned.assignment).toEqual(assign.assignment)
      const token = (await tasks.lease(id, 'worker', NOW, 1_000))?.token ?? -1n
      const prove = step.prove(id, token)
      const proved = await tasks.advance(id, prove, by(PROVER, NOW + 2))
      if ('proof' in prove) expect(proved).toMatchObject({ proof: prove.proof, result: prove.result })
      await tasks.advance(id, { to: 'submitted' }, by('settler', NOW + 3))
      const settle = step.settle()
      const settled = await tasks.advance(id, settle, by('settler', NOW + 4))
      expect(settled.settlement).toEqual(settle.settlement)
      const last = await tasks.advance(id, { to: 'finalized' }, by('settler', NOW + 5, 'past the depth'))
      stop()
      expect(last).toEqual(await tasks.get(id))
      expect(last).toMatchObject({ state: 'finalized', proof: proved.proof, settlement: settle.settlement })
      const states = await tasks.states(id)
      expect(states.map(({ state, at, result }) => [state, at, result])).toEqual([
        ['packed', NOW, null],
        ['assigned', NOW + 1, null],
        ['proved', NOW + 2, '0xproof'],
        ['submitted', NOW + 3, null],
        ['settled', NOW + 4, '0xtransaction'],
        ['finalized', NOW + 5, null],
      ])
      expect(states.at(-1)).toMatchObject({ actor: 'settler', reason: 'past the depth' })
      expect(seen).toEqual(states.slice(1))
    })

    it('of a task that does not exist are refused', async () => {
      const { tasks } = await make()
      const id = randomTaskId()
      await expect(tasks.advance(id, { to: 'failed' }, by('x'))).rejects.toThrow(TaskNotFoundError)
      await expect(tasks.countTry(id, 'x')).rejects.toThrow(TaskNotFoundError)
      await expect(tasks.renew(id, 1n, NOW, 1)).rejects.toThrow(StaleLeaseError)
      expect(await tasks.lease(id, 'worker', NOW, 1)).toBeNull()
      await tasks.release(id, 1n)
    })

    it('are taken by one of those who race for them', async () => {
      const both = await make()
      const { tasks } = both
      const { created } = await packed(both)
      const race = Array.from({ length: 8 }, (_, i) => tasks.advance(created.id, { to: 'failed' }, by(`racer ${i}`)))
      const outcomes = await Promise.allSettled(race)
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(IllegalTransitionError)
      expect(await tasks.states(created.id)).toHaveLength(2)
    })

    it('tell a failure its reason and forget it on replay', async () => {
      const both = await make()
      const { tasks } = both
      const { created } = await packed(both)
      await tasks.countTry(created.id, 'once')
      const failed = await tasks.advance(created.id, { to: 'failed' }, by('settler', NOW, 'the dApp reverted'))
      expect(failed).toMatchObject({ state: 'failed', failure: 'the dApp reverted', tries: 1 })
      const back = await tasks.advance(created.id, { to: 'packed', replay: true }, by('operator'))
      expect(back).toMatchObject({ state: 'packed', failure: null, tries: 0, assignment: null, proof: null })
      expect((await tasks.states(created.id)).map(({ state }) => state)).toEqual(['packed', 'failed', 'packed'])
    })

    it('replay a failed task from its proof, or from its messages', async () => {
      const both = await make()
      const { tasks } = both
      const { id } = await provedTask(both)
      await tasks.advance(id, { to: 'failed' }, by('settler'))
      const again = await tasks.advance(id, { to: 'proved', replay: true }, by('operator'))
      expect(again.proof).not.toBeNull()
      expect(again.assignment).not.toBeNull()
      await tasks.advance(id, { to: 'failed' }, by('settler'))
      const anew = await tasks.advance(id, { to: 'packed', replay: true }, by('operator'))
      expect(anew).toMatchObject({ proof: null, result: null })
      // Attempts go on counting, so that no two of a task are the same.
      expect(anew.assignment).toEqual(again.assignment)
    })

    it('do not replay to `proved` what has no proof', async () => {
      const both = await make()
      const { tasks } = both
      const { created } = await packed(both)
      await tasks.advance(created.id, { to: 'failed' }, by('sequencer'))
      await expect(tasks.advance(created.id, { to: 'proved', replay: true }, by('operator'))).rejects.toThrow(
        IllegalTransitionError,
      )
    })

    it('take a settlement back after a reorg, and send anew when the nonce was lost', async () => {
      const both = await make()
      const { tasks } = both
      const { id } = await provedTask(both)
      await tasks.advance(id, { to: 'submitted' }, by('settler'))
      await tasks.advance(id, step.settle(), by('settler'))
      const reorged = await tasks.advance(id, { to: 'submitted' }, by('settler'))
      expect(reorged.settlement).toBeNull()
      const anew = await tasks.advance(id, { to: 'proved', replay: true }, by('settler'))
      expect(anew.state).toBe('proved')
      expect(anew.proof).not.toBeNull()
    })

    it('follow the transition table, whatever is tried in whatever order', async () => {
      const both = await make()
      const moves = fc.constantFrom(
        'assigned',
        'proved',
        'submitted',
        'settled',
        'finalized',
        'failed',
        'replay packed',
        'replay proved',
      )
      await fc.assert(
        fc.asyncProperty(fc.array(moves, { maxLength: 14 }), async (tried) => {
          const { tasks } = both
          const { id } = (await packed(both, { count: 1 })).created
          const walked: TaskState[] = ['packed']
          for (const move of tried) {
            const before = await tasks.get(id)
            if (before === null) throw new Error('the task is gone')
            const next = await stepFor(tasks, id, move)
            const replay = 'replay' in next
            const from = before.state
            const startsReplay = from === 'failed' || (from === 'submitted' && next.to === 'proved')
            const allowed = canStep(from, next.to) && replay === startsReplay
            const lacksProof = replay && next.to === 'proved' && before.proof === null
            const attempt = tasks.advance(id, next, by('fuzzer'))
            if (allowed && !lacksProof) {
              expect((await attempt).state).toBe(next.to)
              walked.push(next.to)
            } else {
              const stale = 'token' in next && next.token === 0n
              await expect(attempt).rejects.toThrow(stale ? StaleLeaseError : IllegalTransitionError)
              expect(await tasks.get(id)).toEqual(before)
            }
          }
          expect((await tasks.states(id)).map(({ state }) => state)).toEqual(walked)
        }),
        { numRuns: 40 },
      )
    })
  })

  describe('leases', () => {
    it('hold until they run out, with a growing token', async () => {
      const both = await make()
      const { tasks } = both
      const id = await assignedTask(both)
      const first = await tasks.lease(id, 'a', NOW, 1_000)
      expect(first?.until).toBe(NOW + 1_000)
      expect(await tasks.lease(id, 'b', NOW + 999, 1_000)).toBeNull()
      const second = await tasks.lease(id, 'b', NOW + 1_000, 1_000)
      expect(second?.token).toBeGreaterThan(first?.token ?? 0n)
    })

    it('go to one of two workers', async () => {
      const both = await make()
      const id = await assignedTask(both)
      const leases = await Promise.all(['a', 'b', 'c', 'd'].map((who) => both.tasks.lease(id, who, NOW, 1_000)))
      expect(leases.filter((lease) => lease !== null)).toHaveLength(1)
    })

    it('a late worker cannot overwrite a newer lease', async () => {
      const both = await make()
      const { tasks } = both
      const id = await assignedTask(both)
      const late = (await tasks.lease(id, 'late', NOW, 1_000))?.token ?? -1n
      const newer = (await tasks.lease(id, 'newer', NOW + 2_000, 1_000))?.token ?? -1n
      await expect(tasks.advance(id, step.prove(id, late), by(PROVER))).rejects.toThrow(StaleLeaseError)
      await expect(tasks.advance(id, { to: 'failed', token: late }, by(PROVER))).rejects.toThrow(StaleLeaseError)
      await expect(tasks.renew(id, late, NOW + 2_000, 1_000)).rejects.toThrow(StaleLeaseError)
      await tasks.release(id, late)
      expect(await tasks.lease(id, 'third', NOW + 2_500, 1_000)).toBeNull()
      expect((await tasks.advance(id, step.prove(id, newer), by(PROVER))).state).toBe('proved')
      await expect(tasks.advance(id, step.prove(id, late), by(PROVER))).rejects.toThrow(StaleLeaseError)
    })

    it('let a worker deliver after its lease ran out, as long as nobody else took one', async () => {
      const both = await make()
      const { tasks } = both
      const id = await assignedTask(both)
      const token = (await tasks.lease(id, 'slow', NOW, 1_000))?.token ?? -1n
      expect((await tasks.advance(id, step.prove(id, token), by(PROVER, NOW + 5_000))).state).toBe('proved')
    })

    it('can be renewed until they run out', async () => {
      const both = await make()
      const { tasks } = both
      const id = await assignedTask(both)
      const token = (await tasks.lease(id, 'a', NOW, 1_000))?.token ?? -1n
      expect(await tasks.renew(id, token, NOW + 900, 1_000)).toEqual({ token, until: NOW + 1_900 })
      expect(await tasks.lease(id, 'b', NOW + 1_500, 1_000)).toBeNull()
      await expect(tasks.renew(id, token, NOW + 1_900, 1_000)).rejects.toThrow(StaleLeaseError)
    })

    it('that were given up are free at once, and worth nothing to who gave them up', async () => {
      const both = await make()
      const { tasks } = both
      const id = await assignedTask(both)
      const token = (await tasks.lease(id, 'a', NOW, 1_000))?.token ?? -1n
      await tasks.release(id, token)
      await expect(tasks.advance(id, step.prove(id, token), by(PROVER))).rejects.toThrow(StaleLeaseError)
      expect(await tasks.lease(id, 'b', NOW, 1_000)).not.toBeNull()
    })

    it('end with the attempt: a result of the attempt before comes too late', async () => {
      const both = await make()
      const { tasks } = both
      const id = await assignedTask(both)
      const token = (await tasks.lease(id, 'a', NOW, 60_000))?.token ?? -1n
      await tasks.advance(id, step.assign(id, 2n), by('sequencer'))
      await expect(tasks.advance(id, step.prove(id, token), by(PROVER))).rejects.toThrow(StaleLeaseError)
      expect(await tasks.lease(id, 'b', NOW, 1_000)).not.toBeNull()
    })

    it('show when they end, until they are given up or end with the attempt', async () => {
      const both = await make()
      const { tasks } = both
      const id = await assignedTask(both)
      expect(await tasks.leaseUntil(id)).toBeNull()
      expect(await tasks.leaseUntil(randomTaskId())).toBeNull()
      const first = (await tasks.lease(id, 'a', NOW, 1_000))?.token ?? -1n
      expect(await tasks.leaseUntil(id)).toBe(NOW + 1_000)
      await tasks.renew(id, first, NOW + 900, 1_000)
      expect(await tasks.leaseUntil(id)).toBe(NOW + 1_900)
      await tasks.release(id, first)
      expect(await tasks.leaseUntil(id)).toBeNull()
      await tasks.lease(id, 'b', NOW + 2_000, 1_000)
      expect(await tasks.leaseUntil(id)).toBe(NOW + 3_000)
      await tasks.advance(id, step.assign(id, 2n), by('sequencer'))
      expect(await tasks.leaseUntil(id)).toBeNull()
    })

    it('are had on assigned tasks alone', async () => {
      const both = await make()
      const { created } = await packed(both)
      expect(await both.tasks.lease(created.id, 'a', NOW, 1_000)).toBeNull()
      const { id } = await provedTask(both)
      expect(await both.tasks.lease(id, 'a', NOW, 1_000)).toBeNull()
    })
  })

  describe('notes', () => {
    it('stand in the state log in their order, and are no steps', async () => {
      const both = await make()
      const { tasks } = both
      const { next: start } = await tasks.feed(null, 1)
      const { created } = await packed(both)
      const { id } = created
      await tasks.advance(id, step.assign(id), by('sequencer', NOW + 1))
      const token = (await tasks.lease(id, 'worker', NOW, 60_000))?.token ?? -1n
      const seen: StateLogEntry[] = []
      const stop = tasks.watch((task, entry, projectId) => {
        if (task === id && projectId === created.log.projectId) seen.push(entry)
      })
      const before = await tasks.get(id)
      for (const done of [1, 2]) await tasks.note(id, token, by(PROVER, NOW + 1 + done, `proving: ${done} of 2`))
      expect(await tasks.get(id)).toEqual(before)
      await tasks.advance(id, step.prove(id, token), by(PROVER, NOW + 4))
      stop()
      const states = await tasks.states(id)
      expect(states.slice(1).map(({ state, at, actor, reason, result }) => [state, at, actor, reason, result])).toEqual(
        [
          ['assigned', NOW + 1, 'sequencer', 'because', null],
          ['assigned', NOW + 2, PROVER, 'proving: 1 of 2', null],
          ['assigned', NOW + 3, PROVER, 'proving: 2 of 2', null],
          ['proved', NOW + 4, PROVER, 'because', '0xproof'],
        ],
      )
      expect(seen).toEqual(states.slice(2))
      const fed = await follow(tasks, start, created.log.projectId, 5)
      expect(fed.map(({ taskId, entry }) => [taskId, entry])).toEqual(states.map((entry) => [id, entry]))
    })

    it('leave a task at rest at rest', async () => {
      const both = await make()
      const id = await assignedTask(both)
      const token = (await both.tasks.lease(id, 'worker', NOW, 60_000))?.token ?? -1n
      await both.tasks.note(id, token, by(PROVER, NOW + 50_000))
      expect(await everyStale(both.tasks, 'assigned', NOW, 1_000)).toContain(id)
    })

    it("are the lease's holder's alone", async () => {
      const both = await make()
      const { tasks } = both
      const id = await assignedTask(both)
      const late = (await tasks.lease(id, 'late', NOW, 1_000))?.token ?? -1n
      const newer = (await tasks.lease(id, 'newer', NOW + 2_000, 1_000))?.token ?? -1n
      await expect(tasks.note(id, late, by(PROVER))).rejects.toThrow(StaleLeaseError)
      await tasks.note(id, newer, by(PROVER))
      await tasks.release(id, newer)
      await expect(tasks.note(id, newer, by(PROVER))).rejects.toThrow(StaleLeaseError)
      await expect(tasks.note(randomTaskId(), 1n, by(PROVER))).rejects.toThrow(TaskNotFoundError)
      const proved = (await provedTask(both)).id
      await expect(tasks.note(proved, 1n, by(PROVER))).rejects.toThrow(StaleLeaseError)
      expect(await tasks.states(id)).toHaveLength(3)
    })

    it('are cut where they are long', async () => {
      const both = await make()
      const id = await assignedTask(both)
      const token = (await both.tasks.lease(id, 'worker', NOW, 60_000))?.token ?? -1n
      await both.tasks.note(id, token, by(PROVER, NOW, '🙂'.repeat(10_000)))
      const { reason = '' } = (await both.tasks.states(id)).at(-1) ?? {}
      expect(reason.length).toBeLessThanOrEqual(500)
      expect(reason).toMatch(/^(?:🙂)+.?…$/u)
    })

    it('race with steps, and none is lost', async () => {
      const both = await make()
      const { tasks } = both
      const id = await assignedTask(both)
      const token = (await tasks.lease(id, 'worker', NOW, 60_000))?.token ?? -1n
      const notes = Array.from({ length: 6 }, (_, i) => tasks.note(id, token, by(PROVER, NOW, `line ${i}`)))
      await Promise.all([...notes, tasks.countTry(id, 'x'), tasks.renew(id, token, NOW, 90_000)])
      await tasks.advance(id, step.prove(id, token), by(PROVER))
      const reasons = (await tasks.states(id)).map(({ reason }) => reason).filter((reason) => reason.startsWith('line'))
      expect(reasons.sort()).toEqual(Array.from({ length: 6 }, (_, i) => `line ${i}`))
      expect((await tasks.states(id)).at(-1)?.state).toBe('proved')
    })
  })

  it('counts tries', async () => {
    const both = await make()
    const { created } = await packed(both)
    expect(await both.tasks.countTry(created.id, 'no answer')).toBe(1)
    expect(await both.tasks.countTry(created.id, 'no answer')).toBe(2)
    expect((await both.tasks.get(created.id))?.tries).toBe(2)
  })

  it('lists newest first, in pages, by project and state', async () => {
    const both = await make()
    const { tasks } = both
    const log = someLog()
    const ids: TaskId[] = []
    for (let i = 0; i < 5; i++) ids.unshift((await packed(both, { log, count: 1, at: NOW + i })).created.id)
    await packed(both)
    const { projectId } = log
    const listed = async (filter: Parameters<TaskStore['list']>[0]): Promise<TaskId[]> =>
      (await tasks.list(filter)).tasks.map(({ id }) => id)
    expect(await listed({ projectId, limit: 10 })).toEqual(ids)
    const page = await listed({ projectId, limit: 2 })
    expect(page).toEqual(ids.slice(0, 2))
    const before = page.at(-1)
    if (before !== undefined) expect(await listed({ projectId, limit: 9, before })).toEqual(ids.slice(2))
    const [newest] = ids
    if (newest !== undefined) await tasks.advance(newest, { to: 'failed' }, by('x'))
    expect(await listed({ projectId, state: 'failed', limit: 10 })).toEqual(ids.slice(0, 1))
    expect(await listed({ projectId, state: 'packed', limit: 10 })).toEqual(ids.slice(1))
    expect(await listed({ limit: 1_000 })).toEqual(expect.arrayContaining(ids))
    for (const filter of [{}, { state: 'packed' }, { state: 'finalized' }] as const) {
      const found: TaskId[] = []
      let next: TaskId | null = null
      do {
        const at: { readonly before?: TaskId } = next === null ? {} : { before: next }
        const page: TaskPage = await tasks.list({ projectId, limit: 2, ...filter, ...at })
        expect(page.tasks.length).toBeLessThanOrEqual(2)
        found.push(...page.tasks.map(({ id }) => id))
        next = page.next
      } while (next !== null)
      expect(found).toEqual(await listed({ projectId, limit: 10, ...filter }))
    }
  })

  it('shows what rests in a state, longest first', async () => {
    const both = await make()
    const { tasks } = both
    const log = someLog()
    const old = (await packed(both, { log, at: NOW - 9_000 })).created.id
    const older = (await packed(both, { log, at: NOW - 9_500 })).created.id
    const fresh = (await packed(both, { log, at: NOW - 1_000 })).created.id
    const mine = async (state: TaskState, until: number): Promise<TaskId[]> =>
      (await everyStale(tasks, state, until, 1_000)).filter((id) => [old, older, fresh].includes(id))
    expect(await mine('packed', NOW - 9_000)).toEqual([older, old])
    await tasks.advance(older, step.assign(older), by('sequencer', NOW))
    expect(await mine('packed', NOW - 1_000)).toEqual([old, fresh])
    expect(await mine('assigned', NOW - 1)).toEqual([])
    expect(await mine('assigned', NOW)).toEqual([older])
    expect((await tasks.stale('packed', NOW, 1, null)).tasks).toHaveLength(1)
  })

  it('shows each that rests once, in pages of any size, while others move on', async () => {
    const both = await make()
    const { tasks } = both
    const log = someLog()
    const ids: TaskId[] = []
    for (let i = 0; i < 7; i++) ids.push((await packed(both, { log, count: 1, at: NOW - 900 + i })).created.id)
    const [moved = randomTaskId(), ...resting] = ids
    const mine = (found: readonly TaskId[]) => found.filter((id) => ids.includes(id))
    for (const limit of [1, 3, 7, 100]) expect(mine(await everyStale(tasks, 'packed', NOW, limit))).toEqual(ids)
    const first = await tasks.stale('packed', NOW - 900, 1_000, null)
    expect(mine(first.tasks.map(({ id }) => id))).toEqual([moved])
    let isFirst = true
    const seen = await everyStale(tasks, 'packed', NOW, 2, async () => {
      if (isFirst) await tasks.advance(moved, step.assign(moved), by('sequencer', NOW))
      isFirst = false
    })
    expect(mine(seen).filter((id) => id !== moved)).toEqual(resting)
  })

  describe('the feed', () => {
    it('tells every step after a place, each once, in pages of any size', async () => {
      const both = await make()
      const { tasks } = both
      const { next: start, entries } = await tasks.feed(null, 10)
      expect(entries).toEqual([])
      const { created } = await packed(both)
      const { id } = created
      const { projectId } = created.log
      await tasks.advance(id, step.assign(id), by('sequencer', NOW + 1))
      await tasks.advance(id, { to: 'failed' }, by('settler', NOW + 2, 'the dApp reverted'))
      const mine = await follow(tasks, start, projectId, 3)
      expect(mine.map(({ taskId, entry }) => [taskId, entry])).toEqual((await tasks.states(id)).map((one) => [id, one]))
      for (const limit of [1, 2, 100]) expect(await follow(tasks, start, projectId, 3, limit)).toEqual(mine)
      const [first] = mine
      if (first !== undefined) expect(await follow(tasks, first.position, projectId, 2)).toEqual(mine.slice(1))
    })

    it('starts now after a place that it never gave', async () => {
      const both = await make()
      const { tasks } = both
      const { next, entries } = await tasks.feed('x'.repeat(3_000), 10)
      expect(entries).toEqual([])
      expect((await tasks.feed('', 10)).entries).toEqual([])
      const { created } = await packed(both)
      expect(await follow(tasks, next, created.log.projectId, 1)).toMatchObject([
        { taskId: created.id, entry: { state: 'packed' } },
      ])
    })

    it('puts nothing behind a place already read, with many writers at once', async () => {
      const both = await make()
      const { tasks } = both
      const log = someLog()
      const made: TaskId[] = []
      for (let i = 0; i < 6; i++) made.push((await packed(both, { log, count: 1 })).created.id)
      const { next } = await tasks.feed(null, 1)
      const writing = Promise.all(
        made.map(async (id) => {
          for (let attempt = 1n; attempt <= 5n; attempt++) await tasks.advance(id, step.assign(id, attempt), by('x'))
        }),
      )
      const seen = await follow(tasks, next, log.projectId, 30, 4, ({ entry }) => entry.state === 'assigned')
      await writing
      expect(seen).toHaveLength(30)
      for (const id of made) expect(seen.filter(({ taskId }) => taskId === id)).toHaveLength(5)
      expect(new Set(seen.map(({ position }) => position)).size).toBe(30)
    })
  })
}

/** Follows the feed from a place until so many steps of a project came. */
async function follow(
  tasks: TaskStore,
  after: string,
  projectId: ProjectId,
  count: number,
  limit = 100,
  wanted: (entry: FeedEntry) => boolean = () => true,
): Promise<FeedEntry[]> {
  const seen: FeedEntry[] = []
  let at = after
  await vi.waitFor(
    async () => {
      const { entries, next } = await tasks.feed(at, limit)
      at = next
      expect(entries.length).toBeLessThanOrEqual(limit)
      seen.push(...entries.filter((entry) => entry.projectId === projectId && wanted(entry)))
      if (seen.length < count) throw new Error(`${seen.length} of ${count} steps are in the feed`)
    },
    { timeout: 10_000, interval: 5 },
  )
  return seen
}

async function assignedTask(both: LogAndTasks): Promise<TaskId> {
  const { id } = (await packed(both, { count: 1 })).created
  await both.tasks.advance(id, step.assign(id), by('sequencer'))
  return id
}

async function provedTask(both: LogAndTasks): Promise<{ readonly id: TaskId }> {
  const id = await assignedTask(both)
  const token = (await both.tasks.lease(id, 'worker', NOW, 1_000))?.token ?? -1n
  await both.tasks.advance(id, step.prove(id, token), by(PROVER))
  return { id }
}

/** The step of a name; a proof comes under a lease where one can be had, else under a token that never was. */
async function stepFor(tasks: TaskStore, id: TaskId, move: string): Promise<TaskStep> {
  switch (move) {
    case 'assigned':
      return step.assign(id)
    case 'proved':
      return step.prove(id, (await tasks.lease(id, 'fuzzer', NOW, 1_000))?.token ?? 0n)
    case 'settled':
      return step.settle()
    case 'replay packed':
      return { to: 'packed', replay: true }
    case 'replay proved':
      return { to: 'proved', replay: true }
    case 'submitted':
      return { to: 'submitted' }
    case 'finalized':
      return { to: 'finalized' }
    default:
      return { to: 'failed' }
  }
}
