import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PayloadsExpiredError } from '@w3bstream/core/ports'
import {
  expireDue,
  nextTask,
  packed,
  readLog,
  signed,
  someDevice,
  someLog,
  unsigned,
} from '@w3bstream/core/ports/suites'
import { type Did, messageId, StoreUnavailableError, type TaskId } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { openStore } from './openStore.ts'
import { StoreInUseError } from './StoreInUseError.ts'
import { testDir, testStore } from './testStore.ts'

const by = { at: 1, actor: 'x', reason: 'y' }

/** Starts the appending child over a data directory. */
function startChild(dir: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'appendForever.child.ts'), dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { child, lines: createInterface({ input: child.stdout }) }
}

describe('openStore', () => {
  it('finds everything again after it was closed', async () => {
    const first = await testStore()
    const { created, ids } = await packed(first)
    await first.messages.append([unsigned(created.log, 'after')])
    await first.close()
    const second = await testStore({ dir: first.dir })
    expect(await second.tasks.get(created.id)).toMatchObject({ task: created.task, state: 'packed' })
    expect(await second.tasks.members(created.id)).toEqual(ids)
    const waiting = await readLog(second.messages, created.log, 1, await second.tasks.cursor(created.log))
    expect(waiting.map(({ message }) => message.payload)).toEqual(['after'])
  })

  it('gives a directory to one at a time', async () => {
    const store = await testStore()
    await expect(openStore({ dir: store.dir })).rejects.toThrow(StoreInUseError)
    await expect(openStore({ dir: store.dir })).rejects.toThrow(`The data directory ${store.dir} is in use`)
    await store.close()
    await (await openStore({ dir: store.dir })).close()
  })

  it('says so when the directory cannot be made', async () => {
    const dir = join(testDir(), 'file')
    writeFileSync(dir, '')
    await expect(openStore({ dir })).rejects.toThrow()
    await expect(openStore({ dir: join(dir, 'below') })).rejects.toThrow(StoreUnavailableError)
  })

  it('gives the directory back when it could not be opened', async () => {
    const dir = testDir()
    writeFileSync(join(dir, 'w3bstream.db'), 'this is no database, and it is longer than a header of one. '.repeat(9))
    await expect(openStore({ dir })).rejects.toThrow('the file is not a database')
    await expect(openStore({ dir })).rejects.toThrow('the file is not a database')
  })

  it('has every acknowledged message after the process was killed under load', async () => {
    const dir = testDir()
    const { child, lines } = startChild(dir)
    const acknowledged: string[] = []
    for await (const line of lines) {
      acknowledged.push(line)
      if (acknowledged.length === 2_000) child.kill('SIGKILL')
    }
    const store = await testStore({ dir })
    const found = await store.messages.getMany(acknowledged.map((id) => messageId(id)))
    expect(found).toHaveLength(acknowledged.length)
    expect(acknowledged.length).toBeGreaterThanOrEqual(2_000)
  })

  it('is refused to a second process, and free as soon as the first was killed', async () => {
    const dir = testDir()
    const { child, lines } = startChild(dir)
    await once(lines, 'line')
    await expect(openStore({ dir })).rejects.toThrow(StoreInUseError)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await testStore({ dir })
  })

  it('accepts nothing of a call for which there is no space, and goes on afterwards', async () => {
    const store = await testStore({ maxPages: 200 })
    const log = someLog()
    const accepted: string[] = []
    let refused: unknown
    while (refused === undefined) {
      const batch = Array.from({ length: 10 }, () => unsigned(log, 'x'.repeat(5_000)))
      try {
        accepted.push(...(await store.messages.append(batch)).map(({ id }) => id))
      } catch (error) {
        refused = error
      }
    }
    expect(refused).toBeInstanceOf(StoreUnavailableError)
    await store.close()
    const roomier = await testStore({ dir: store.dir })
    const read = await readLog(roomier.messages, log, accepted.length)
    expect(read.map(({ message }) => message.id)).toEqual(accepted)
    await expect(roomier.messages.append([unsigned(log, 'more')])).resolves.toMatchObject([{ type: 'appended' }])
  })

  it('forgets what it remembered of a device and a log whose first message was undone', async () => {
    const store = await testStore({ maxPages: 120 })
    const log = someLog()
    const huge = Array.from({ length: 100 }, (_, i) => signed(log, deviceOf(i), 1n, 'x'.repeat(8_000)))
    await expect(store.messages.append(huge)).rejects.toThrow(StoreUnavailableError)
    const again = Array.from({ length: 10 }, (_, i) => signed(log, deviceOf(9 - i), 1n, `${i}`))
    const other = signed(someLog(), deviceOf(50), 1n, 'z')
    await store.messages.append([other, ...again])
    for (const { message } of [other, ...again]) expect(await store.messages.get(message.id)).toEqual(message)
  })

  describe('retention', () => {
    const end = async (store: Awaited<ReturnType<typeof testStore>>, id: TaskId) =>
      store.tasks.advance(id, { to: 'failed' }, by)

    it('says that a task whose payloads are gone cannot be replayed', async () => {
      const store = await testStore()
      const { created } = await packed(store, { at: 1_000 })
      await end(store, created.id)
      expect(await expireDue(store.messages, created.log, 1_001)).toMatchObject({ deleted: 3 })
      await expect(store.tasks.advance(created.id, { to: 'packed', replay: true }, by)).rejects.toThrow(
        PayloadsExpiredError,
      )
    })

    it('deletes a large payload only with the last message that has it', async () => {
      const store = await testStore()
      const log = someLog()
      const payload = 'x'.repeat(20_000)
      await store.messages.append([unsigned(log, payload), unsigned(log, payload)])
      const [first, second] = await readLog(store.messages, log, 2)
      if (first === undefined || second === undefined) throw new Error('two messages were appended')
      for (const logged of [first, second]) {
        const task = await nextTask(store.tasks, log, [logged], { at: logged === first ? 1_000 : 2_000 })
        await store.tasks.create(task)
        await end(store, task.id)
      }
      expect(await expireDue(store.messages, log, 1_500)).toMatchObject({ deleted: 1 })
      expect((await store.messages.get(second.message.id))?.payload).toBe(payload)
      expect(await expireDue(store.messages, log, 2_500)).toMatchObject({ deleted: 1 })
      expect((await store.messages.get(second.message.id))?.payload).toBe('')
      await store.messages.append([unsigned(log, payload)])
      expect((await readLog(store.messages, log, 3)).at(-1)?.message.payload).toBe(payload)
    })
  })
})

const devices = Array.from({ length: 100 }, someDevice)
function deviceOf(i: number): Did {
  return devices[i] ?? someDevice()
}
