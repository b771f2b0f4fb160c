import type { MessageId } from '@w3bstream/protocol'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  batch,
  by,
  expireDue,
  keyed,
  type LogAndTasks,
  legacy,
  NOW,
  nextTask,
  packed,
  readLog,
  sha256,
  signed,
  someDevice,
  someLog,
  someMessage,
  unsigned,
} from './fixtures.suite.ts'
import type { Append, Appended, LogId, LogPosition } from './MessageLog.ts'

/** What every MessageLog does. @param make a log and the TaskStore that moves its cursors */
export const messageLogSuite = (make: () => Promise<LogAndTasks>): void => {
  it('gives back every field of a message', async () => {
    const { messages } = await make()
    const log = someLog()
    const all = [
      signed(log, someDevice(), 2n ** 64n - 1n, '{"t":21.5}'),
      keyed(log, 'tok_1', 'k', 'h\u00e9llo \u0000 \ud83d\ude00'),
      unsigned(log, ''),
    ]
    await messages.append(all)
    for (const { message } of all) expect(await messages.get(message.id)).toEqual(message)
  })

  it('keeps payloads of any size whole', async () => {
    const { messages } = await make()
    const log = someLog()
    const all = [8_191, 8_192, 8_193, 1_000_000].map((size) =>
      unsigned(log, '\u00e9'.repeat(size / 2) + 'x'.repeat(size % 2)),
    )
    expect((await messages.append(all)).map(({ type }) => type)).toEqual(all.map(() => 'appended'))
    const read = await readLog(messages, log, all.length)
    expect(
      read.map(({ message }) => message.payload === all.find((one) => one.message.id === message.id)?.message.payload),
    ).toEqual(all.map(() => true))
  })

  it('takes unsigned messages as often as they come', async () => {
    const { messages } = await make()
    const log = someLog()
    expect((await messages.append([unsigned(log, 'a'), unsigned(log, 'a')])).map(({ type }) => type)).toEqual([
      'appended',
      'appended',
    ])
  })

  it('finds messages by id, in the order asked for, without those that are not there', async () => {
    const { messages } = await make()
    const log = someLog()
    const [a, b, c] = [unsigned(log, 'a'), unsigned(log, 'b'), unsigned(log, 'c')]
    await messages.append([a, b, c])
    const missing = someMessage(log, 'never').id
    expect(await messages.get(missing)).toBeNull()
    expect(await messages.getMany([c.message.id, missing, a.message.id])).toEqual([c.message, a.message])
  })

  it('gives envelopes as it gives messages, without what was sent', async () => {
    const { messages } = await make()
    const log = someLog()
    const all = [
      signed(log, someDevice(), 2n ** 64n - 1n, 'small'),
      unsigned(log, 'x'.repeat(100_000)),
      keyed(log, 'p', 'k', 'a'),
    ]
    await messages.append(all)
    const ids = [someMessage(log, 'never').id, ...all.map(({ message }) => message.id)]
    const envelopes = all.map(({ message: { payload, ...envelope } }) => envelope)
    expect(await messages.envelopes(ids)).toEqual(envelopes)
    expect(await messages.envelopes([])).toEqual([])
  })

  it('names the logs that have messages', async () => {
    const { messages } = await make()
    const log = someLog()
    const other = { ...log, version: '0.2' }
    await messages.append([unsigned(log, 'a'), unsigned(other, 'b'), unsigned(log, 'c')])
    await vi.waitFor(
      async () => {
        const mine = (await messages.logs()).filter(({ projectId }) => projectId === log.projectId)
        expect(mine).toHaveLength(2)
        expect(mine).toEqual(expect.arrayContaining([log, other]))
      },
      { timeout: 10_000, interval: 20 },
    )
  })

  it('appends nothing where nothing is given', async () => {
    expect(await (await make()).messages.append([])).toEqual([])
  })

  describe('a device nonce', () => {
    it('takes the same message once and names the first', async () => {
      const { messages } = await make()
      const log = someLog()
      const device = someDevice()
      const first = signed(log, device, 7n, 'same')
      await messages.append([first])
      expect(await messages.append([signed(log, device, 7n, 'same')])).toEqual([
        { type: 'duplicate', id: first.message.id },
      ])
      expect(await readLog(messages, log, 1)).toHaveLength(1)
    })

    it('refuses another payload and another version', async () => {
      const { messages } = await make()
      const log = someLog()
      const device = someDevice()
      const first = signed(log, device, 7n, 'one')
      await messages.append([first])
      const refused = { type: 'conflict', on: 'nonce', id: first.message.id }
      expect(await messages.append([signed(log, device, 7n, 'two')])).toEqual([refused])
      expect(await messages.append([signed({ ...log, version: '0.2' }, device, 7n, 'one')])).toEqual([refused])
    })

    it('belongs to one device of one project', async () => {
      const { messages } = await make()
      const log = someLog()
      const device = someDevice()
      const outcomes = await messages.append([
        signed(log, device, 7n, 'a'),
        signed(log, someDevice(), 7n, 'b'),
        signed(someLog(), device, 7n, 'c'),
        signed(log, device, 8n, 'd'),
      ])
      expect(outcomes.map(({ type }) => type)).toEqual(['appended', 'appended', 'appended', 'appended'])
    })

    it('is taken by one of many that race for it', async () => {
      const { messages } = await make()
      const log = someLog()
      const device = someDevice()
      const racers = Array.from({ length: 20 }, (_, i) => signed(log, device, 1n, `payload ${i}`))
      const outcomes = (await Promise.all(racers.map((one) => messages.append([one])))).flat()
      expect(outcomes.filter(({ type }) => type === 'appended')).toHaveLength(1)
      const winner = outcomes.find(({ type }) => type === 'appended')
      for (const outcome of outcomes) expect(outcome.id).toBe(winner?.id)
      expect(await readLog(messages, log, 1)).toHaveLength(1)
    })
  })

  describe('an idempotency key', () => {
    it('gives the first id for the same message, and a conflict for another', async () => {
      const { messages } = await make()
      const log = someLog()
      const first = keyed(log, 'p', 'k', 'same')
      await messages.append([first])
      expect(await messages.append([keyed(log, 'p', 'k', 'same'), keyed(log, 'p', 'k', 'other')])).toEqual([
        { type: 'duplicate', id: first.message.id },
        { type: 'conflict', on: 'key', id: first.message.id },
      ])
      expect(await messages.append([keyed({ ...log, version: '0.2' }, 'p', 'k', 'same')])).toEqual([
        { type: 'conflict', on: 'key', id: first.message.id },
      ])
    })

    it('belongs to one principal of one project', async () => {
      const { messages } = await make()
      const log = someLog()
      const outcomes = await messages.append([
        keyed(log, 'p', 'k', 'a'),
        keyed(log, 'q', 'k', 'b'),
        keyed(someLog(), 'p', 'k', 'c'),
        keyed(log, 'pk', '', 'd'),
        keyed(log, '', 'pk', 'e'),
      ])
      expect(outcomes.map(({ type }) => type)).toEqual(outcomes.map(() => 'appended'))
    })

    it('is bound by a message that its nonce shows to be there already', async () => {
      const { messages } = await make()
      const log = someLog()
      const device = someDevice()
      const first = signed(log, device, 1n, 'a')
      const withKey = (nonce: bigint, payload: string): Append => ({
        ...signed(log, device, nonce, payload),
        idempotency: { principal: device, key: 'k' },
      })
      expect(await messages.append([first, withKey(1n, 'a'), withKey(2n, 'b')])).toEqual([
        { type: 'appended', id: first.message.id },
        { type: 'duplicate', id: first.message.id },
        { type: 'conflict', on: 'key', id: first.message.id },
      ])
    })

    it('is left free by a message that was refused', async () => {
      const { messages } = await make()
      const log = someLog()
      const device = someDevice()
      const entry = (nonce: bigint, payload: string): Append => ({
        ...signed(log, device, nonce, payload),
        idempotency: { principal: device, key: 'k' },
      })
      const outcomes = await messages.append([signed(log, device, 1n, 'a'), entry(1n, 'b'), entry(2n, 'c')])
      expect(outcomes.map(({ type }) => type)).toEqual(['appended', 'conflict', 'appended'])
    })
  })

  it('judges entries of one call by those before them, and refuses one without harm to the others', async () => {
    const { messages } = await make()
    const log = someLog()
    const device = someDevice()
    const all = [
      signed(log, device, 1n, 'a'),
      signed(log, device, 1n, 'b'),
      signed(log, device, 2n, 'c'),
      signed(log, device, 1n, 'a'),
    ]
    const outcomes = await messages.append(all)
    expect(outcomes.map(({ type }) => type)).toEqual(['appended', 'conflict', 'appended', 'duplicate'])
    const read = await readLog(messages, log, 2)
    expect(read.map(({ message }) => message.payload).sort()).toEqual(['a', 'c'])
  })

  it('agrees with a plain model of nonces and keys, whatever is sent in whatever batches', async () => {
    const { messages } = await make()
    const small = fc.integer({ min: 0, max: 2 })
    const sent = fc.record({ kind: fc.constantFrom('nonce', 'key', 'none'), who: small, what: small, payload: small })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(sent, { maxLength: 6 }), { maxLength: 5 }), async (batches) => {
        const log = someLog()
        const devices = [someDevice(), someDevice(), someDevice()]
        const known = new Map<string, { readonly payload: number; readonly id: MessageId }>()
        const accepted: MessageId[] = []
        for (const batch of batches) {
          const entries = batch.map(({ kind, who, what, payload }): Append => {
            if (kind === 'nonce') return signed(log, devices[who] ?? someDevice(), BigInt(what), `${payload}`)
            return kind === 'key' ? keyed(log, `${who}`, `${what}`, `${payload}`) : unsigned(log, `${payload}`)
          })
          const expected = entries.map((entry, i): Appended => {
            const { id } = entry.message
            const { kind, who, what, payload } = batch[i] ?? { kind: '', who: 0, what: 0, payload: 0 }
            const name = `${kind} ${who} ${what}`
            const first = kind === 'none' ? undefined : known.get(name)
            if (first === undefined) {
              known.set(name, { payload, id })
              accepted.push(id)
              return { type: 'appended', id }
            }
            if (first.payload === payload) return { type: 'duplicate', id: first.id }
            return { type: 'conflict', on: kind === 'nonce' ? 'nonce' : 'key', id: first.id }
          })
          expect(await messages.append(entries)).toEqual(expected)
        }
        const read = await readLog(messages, log, accepted.length)
        expect(read.map(({ message }) => message.id).sort()).toEqual(accepted.sort())
      }),
      { numRuns: 40 },
    )
  })

  describe('a batch post', () => {
    const types = (outcomes: readonly Appended[]) => outcomes.map(({ type }) => type)

    it.each([3, 40])('of %i messages is kept whole, signed ones and other versions included', async (count) => {
      const { messages } = await make()
      const log = someLog()
      const other = { ...log, version: '0.2' }
      const device = someDevice()
      const payloads = Array.from({ length: count }, (_, i) => `{"i":${i},"text":"${'\u00e9'.repeat(200)}"}`)
      const all = [
        ...batch(log, payloads),
        ...payloads.map((payload, i): Append => ({ ...signed(log, device, BigInt(i), payload), batch: true })),
        ...batch(other, payloads, 'k'),
        ...batch(log, ['', 'x'.repeat(20_000)]),
      ]
      expect(types(await messages.append(all))).toEqual(all.map(() => 'appended'))
      expect(await messages.getMany(all.map(({ message }) => message.id))).toEqual(all.map(({ message }) => message))
      const mine = (of: LogId) => all.filter(({ message }) => message.version === of.version)
      for (const each of [log, other]) {
        const read = await readLog(messages, each, mine(each).length)
        expect(read.map(({ message }) => message).sort(byId)).toEqual(
          mine(each)
            .map(({ message }) => message)
            .sort(byId),
        )
      }
    })

    it('gives the same answers when it is sent again, and refuses what was changed', async () => {
      const { messages } = await make()
      const log = someLog()
      const payloads = Array.from({ length: 20 }, (_, i) => `${i}`)
      const first = await messages.append(batch(log, payloads, 'k'))
      const again = batch(log, payloads, 'k').map((one) => ({
        ...one,
        message: { ...one.message, receivedAt: NOW + 1 },
      }))
      expect(await messages.append(again)).toEqual(first.map(({ id }) => ({ type: 'duplicate', id })))
      const changed = await messages.append(batch(log, payloads.with(3, 'other'), 'k'))
      expect(changed[3]).toEqual({ type: 'conflict', on: 'key', id: first[3]?.id })
      expect(types(changed).filter((type) => type === 'duplicate')).toHaveLength(19)
      expect(types(await messages.append(batch({ ...log, version: '0.2' }, ['0', '1'], 'k')))).toEqual([
        'conflict',
        'conflict',
      ])
      expect(await readLog(messages, log, 20)).toHaveLength(20)
    })

    it('fills what an earlier try of it left out', async () => {
      const { messages } = await make()
      const log = someLog()
      const payloads = Array.from({ length: 12 }, (_, i) => `${i}`)
      const all = batch(log, payloads, 'k')
      await messages.append(all.filter((_, i) => i !== 0 && i !== 7))
      expect(types(await messages.append(all))).toEqual(
        payloads.map((_, i) => (i === 0 || i === 7 ? 'appended' : 'duplicate')),
      )
      expect(types(await messages.append(all))).toEqual(payloads.map(() => 'duplicate'))
      const read = await readLog(messages, log, 12)
      expect(read.map(({ message }) => message).sort(byId)).toEqual(all.map(({ message }) => message).sort(byId))
    })

    it('shares its keys with single posts', async () => {
      const { messages } = await make()
      const log = someLog()
      const single = (i: number, payload = `${i}`) => messages.append([keyed(log, 'p', `k:${i}`, payload)])
      const all = batch(log, ['0', '1', '2', '3'], 'k')
      expect(await single(2)).toEqual([{ type: 'appended', id: all[2]?.message.id }])
      expect(types(await messages.append(all))).toEqual(['appended', 'appended', 'duplicate', 'appended'])
      expect(types((await Promise.all([single(0), single(3), single(5), single(1, 'x')])).flat())).toEqual([
        'duplicate',
        'duplicate',
        'appended',
        'conflict',
      ])
      expect(await readLog(messages, log, 5)).toHaveLength(5)
    })

    it('judges its own repetitions', async () => {
      const { messages } = await make()
      const log = someLog()
      const all = batch(log, ['a', 'b', 'c'], 'k')
      const twice = [...all, ...batch(log, ['a', 'x'], 'k')]
      expect(types(await messages.append(twice))).toEqual(['appended', 'appended', 'appended', 'duplicate', 'conflict'])
      expect(await readLog(messages, log, 3)).toHaveLength(3)
    })

    it('is taken once of many that race', async () => {
      const { messages } = await make()
      const log = someLog()
      const payloads = Array.from({ length: 10 }, (_, i) => `${i}`)
      const parts = [(i: number) => i < 6, (i: number) => i > 3, () => true, (i: number) => i % 2 === 0]
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          messages.append(batch(log, payloads, 'k').filter((_, i) => parts[n % parts.length]?.(i))),
        ),
      )
      const appended = outcomes.flat().filter(({ type }) => type === 'appended')
      expect(appended.map(({ id }) => id).sort()).toEqual(
        batch(log, payloads, 'k')
          .map(({ message }) => message.id)
          .sort(),
      )
      expect(types(outcomes.flat())).not.toContain('conflict')
      expect(await readLog(messages, log, 10)).toHaveLength(10)
    })
  })

  describe('reading', () => {
    it('keeps logs apart and positions growing', async () => {
      const { messages } = await make()
      const log = someLog()
      const other: LogId = { ...log, version: '0.2' }
      await messages.append([unsigned(log, '1'), unsigned(other, '2'), unsigned(log, '3')])
      const read = await readLog(messages, log, 2)
      expect(read.map(({ message }) => message.version)).toEqual(['0.1', '0.1'])
      expect(await readLog(messages, other, 1)).toHaveLength(1)
      const positions = read.map(({ position }) => position)
      expect(positions).toEqual([...positions].sort((a, b) => a - b))
      expect(new Set([0, ...positions]).size).toBe(3)
      expect(await messages.read(someLog(), 0, { count: 10, bytes: 1_000 })).toEqual([])
    })

    it('stops at the count and at the bytes, but never before the first message', async () => {
      const { messages } = await make()
      const log = someLog()
      await messages.append([1, 2, 3].map((i) => unsigned(log, `${i}`.repeat(100))))
      await readLog(messages, log, 3)
      expect(await messages.read(log, 0, { count: 2, bytes: 10_000 })).toHaveLength(2)
      expect(await messages.read(log, 0, { count: 9, bytes: 200 })).toHaveLength(2)
      expect(await messages.read(log, 0, { count: 9, bytes: 299 })).toHaveLength(2)
      expect(await messages.read(log, 0, { count: 9, bytes: 1 })).toHaveLength(1)
    })

    it('never shows anything behind a position already read, while many write', async () => {
      const { messages } = await make()
      const log = someLog()
      const total = 400
      let writing = true
      const writers = Promise.all(
        Array.from({ length: 8 }, async (_, w) => {
          for (let i = 0; i < total / 8 / 5; i++)
            await messages.append(Array.from({ length: 5 }, (_, j) => unsigned(log, `${w}.${i}.${j}`)))
        }),
      ).finally(() => {
        writing = false
      })
      const followed: LogPosition[] = []
      const follow = async (): Promise<number> => {
        const page = await messages.read(log, followed.at(-1) ?? 0, { count: 50, bytes: 1_000_000 })
        followed.push(...page.map(({ position }) => position))
        return page.length
      }
      while (writing) {
        await follow()
        await new Promise((resolve) => setImmediate(resolve))
      }
      await writers
      const all = await readLog(messages, log, total)
      while ((await follow()) > 0);
      expect(followed).toEqual(all.map(({ position }) => position))
      expect(followed).toHaveLength(total)
    })
  })

  describe('waiting', () => {
    const of = async ({ messages }: LogAndTasks, log: LogId, cap = 1_000) =>
      (await messages.waiting(cap)).find(
        (one) => one.log.projectId === log.projectId && one.log.version === log.version,
      )

    it('counts messages, their UTF-8 bytes and the oldest', async () => {
      const both = await make()
      const log = someLog()
      const { messages } = both
      await messages.append([
        { message: someMessage(log, '\u00e9\u00e9', { receivedAt: 2_000 }), idempotency: null },
        { message: someMessage(log, 'abc', { receivedAt: 1_000 }), idempotency: null },
      ])
      await readLog(messages, log, 2)
      expect(await of(both, log)).toEqual({ log, count: 2, bytes: 7, oldestAt: 1_000 })
      expect(await of(both, someLog())).toBeUndefined()
    })

    it('counts no further than asked, though at least that far', async () => {
      const both = await make()
      const log = someLog()
      await both.messages.append(Array.from({ length: 30 }, (_, i) => unsigned(log, `${i}`)))
      await readLog(both.messages, log, 30)
      const found = await of(both, log, 10)
      expect(found?.count).toBeGreaterThanOrEqual(10)
      expect(found?.count).toBeLessThanOrEqual(30)
    })

    it('leaves out what is in a task', async () => {
      const both = await make()
      const log = someLog()
      const { messages, tasks } = both
      await messages.append(['a', 'bb', 'ccc'].map((payload) => unsigned(log, payload)))
      const read = await readLog(messages, log, 3)
      expect(await tasks.create(await nextTask(tasks, log, read.slice(0, 2)))).toBe(true)
      expect(await of(both, log)).toMatchObject({ count: 1, bytes: read[2]?.message.payload.length })
      expect(await tasks.create(await nextTask(tasks, log, read.slice(2)))).toBe(true)
      expect(await of(both, log)).toBeUndefined()
    })
  })

  it('knows an older signed message again by device and payload', async () => {
    const { messages } = await make()
    const log = someLog()
    const device = someDevice()
    await messages.append([legacy(log, device, 'a'), legacy(log, device, 'a'), signed(log, device, 1n, 'b')])
    await readLog(messages, log, 3)
    expect(await messages.legacySeen(log.projectId, device, sha256('a'))).toBe(true)
    expect(await messages.legacySeen(log.projectId, device, sha256('b'))).toBe(false)
    expect(await messages.legacySeen(log.projectId, someDevice(), sha256('a'))).toBe(false)
    expect(await messages.legacySeen(someLog().projectId, device, sha256('a'))).toBe(false)
  })

  describe('a message that has to be unique', () => {
    const once = (log: LogId, device: Parameters<typeof legacy>[1], payload: string): Append => ({
      ...legacy(log, device, payload),
      unique: 'legacy',
    })

    it('is taken once, also from one call', async () => {
      const { messages } = await make()
      const log = someLog()
      const device = someDevice()
      const [first, second] = [once(log, device, 'a'), once(log, device, 'a')]
      const refused = { type: 'conflict', on: 'legacy', id: first.message.id }
      expect(await messages.append([first, second, once(log, device, 'b')])).toMatchObject([
        { type: 'appended', id: first.message.id },
        refused,
        { type: 'appended' },
      ])
      expect(await messages.append([once({ ...log, version: '0.2' }, device, 'a')])).toEqual([refused])
      expect(await readLog(messages, log, 2)).toHaveLength(2)
    })

    it('is taken once of many that race', async () => {
      const { messages } = await make()
      const log = someLog()
      const device = someDevice()
      const racers = Array.from({ length: 20 }, () => messages.append([once(log, device, 'a')]))
      const types = (await Promise.all(racers)).flat().map(({ type }) => type)
      expect(types.filter((type) => type === 'appended')).toHaveLength(1)
    })

    it('minds neither other devices and projects nor signatures with a nonce', async () => {
      const { messages } = await make()
      const log = someLog()
      const device = someDevice()
      const outcomes = await messages.append([
        signed(log, device, 1n, 'a'),
        once(log, device, 'a'),
        once(log, someDevice(), 'a'),
        once(someLog(), device, 'a'),
        legacy(log, device, 'a'),
      ])
      expect(outcomes.map(({ type }) => type)).toEqual(outcomes.map(() => 'appended'))
    })
  })

  describe('retention', () => {
    const ended = async (both: LogAndTasks, p: Parameters<typeof packed>[1]) => {
      const made = await packed(both, p)
      await both.tasks.advance(made.created.id, { to: 'failed' }, by('x', p?.at))
      return made
    }

    it('deletes payloads of ended tasks and keeps what receipts need', async () => {
      const both = await make()
      const { messages, tasks } = both
      const { created, ids } = await ended(both, { at: 1_000 })
      const { log } = created
      const before = await messages.getMany(ids)
      const envelopes = await messages.envelopes(ids)
      expect(await expireDue(messages, log, 1_000)).toEqual({ due: [], deleted: 0 })
      expect(await expireDue(messages, log, 1_001)).toEqual({
        due: [{ task: created.id, messages: before }],
        deleted: 3,
      })
      expect(await expireDue(messages, log, 1_001)).toEqual({ due: [], deleted: 0 })
      expect(await messages.getMany(ids)).toEqual(before.map((message) => ({ ...message, payload: '' })))
      expect(await messages.envelopes(ids)).toEqual(envelopes)
      expect(await tasks.members(created.id)).toEqual(ids)
      await expect(tasks.advance(created.id, { to: 'packed', replay: true }, by('x'))).rejects.toMatchObject({
        code: 'PAYLOADS_EXPIRED',
      })
    })

    it('leaves alone what waits, what is on the road, and other logs', async () => {
      const both = await make()
      const { messages } = both
      const mine = await packed(both, { at: 1_000 })
      const { log } = mine.created
      const other = await ended(both, { at: 1_000, log: { ...log, version: '0.2' } })
      const waiting = unsigned(log, 'waits')
      await messages.append([waiting])
      expect(await expireDue(messages, log, 5_000)).toEqual({ due: [], deleted: 0 })
      const kept = await messages.getMany([...mine.ids, ...other.ids, waiting.message.id])
      expect(kept).toHaveLength(7)
      expect(kept.map(({ payload }) => payload)).not.toContain('')
    })

    it('gives whole tasks, oldest first, up to a count and so many bytes, but never before the first', async () => {
      const both = await make()
      const log = someLog()
      const made = [
        await ended(both, { log, at: 3_000 }),
        await ended(both, { log, at: 1_000 }),
        await ended(both, { log, at: 2_000 }),
      ]
      const [late, early, middle] = made.map(({ created }) => created.id)
      const due = async (count: number, bytes: number) =>
        (await both.messages.expirable(log, 9_000, { count, bytes })).map(({ task }) => task)
      const bytes = '{"reading":0}'.length * 3
      expect(await due(100, 10_000)).toEqual([early, middle, late])
      expect(await due(6, 10_000)).toEqual([early, middle])
      expect(await due(5, 10_000)).toEqual([early])
      expect(await due(100, 2 * bytes)).toEqual([early, middle])
      expect(await due(100, 2 * bytes - 1)).toEqual([early])
      expect(await due(1, 1)).toEqual([early])
    })

    it('passes over a task that was replayed meanwhile, and records no export for it', async () => {
      const both = await make()
      const { messages, tasks } = both
      const { created, ids } = await ended(both, { at: 1_000 })
      const { log } = created
      const [due] = await messages.expirable(log, 2_000, { count: 10, bytes: 10_000 })
      await tasks.advance(created.id, { to: 'packed', replay: true }, by('x'))
      const to = { log, blob: sha256('x'), bytes: 1, messages: 3, oldestAt: 1, newestAt: 2, at: 3 }
      expect(await messages.expire(due === undefined ? [] : [due.task], to)).toBe(0)
      expect((await messages.getMany(ids)).map(({ payload }) => payload)).not.toContain('')
      expect(await messages.exports(log.projectId)).toEqual([])
    })

    it('remembers where payloads were exported to, in order', async () => {
      const both = await make()
      const { messages } = both
      const log = someLog()
      const other = { ...log, version: '0.2' }
      const records = []
      for (const [name, of] of [
        ['a', log],
        ['b', other],
        ['c', log],
      ] as const) {
        const { created } = await ended(both, { log: of, at: 1_000 })
        const to = {
          log: of,
          blob: sha256(name),
          bytes: 2 ** 40,
          messages: 3,
          oldestAt: NOW,
          newestAt: NOW + 1,
          at: NOW,
        }
        expect(await messages.expire([created.id], to)).toBe(3)
        records.push(to)
      }
      expect(await messages.exports(log.projectId)).toEqual(records)
      expect(await messages.exports(someLog().projectId)).toEqual([])
    })
  })
}

const byId = (a: { readonly id: MessageId }, b: { readonly id: MessageId }): number => (a.id < b.id ? -1 : 1)
