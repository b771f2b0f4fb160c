import { hash as digest } from 'node:crypto'
import { join } from 'node:path'
import { expireDue, messageLogSuite, nextTask, readLog, someLog, unsigned } from '@w3bstream/core/ports/suites'
import { type Hash, hash } from '@w3bstream/protocol'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Database } from './Database.ts'
import { FileBlobStore } from './FileBlobStore.ts'
import { SqliteMessageLog } from './SqliteMessageLog.ts'
import { SqliteTaskStore } from './SqliteTaskStore.ts'
import { MIGRATIONS } from './schema.ts'
import { testDir, testStore } from './testStore.ts'

const LARGE = 'x'.repeat(20_000)
const sha256 = (text: string): Hash => hash(`0x${digest('sha256', text, 'hex')}`)

/** A log with one expiring message of LARGE, over payload files that stop at a gate. */
async function expiring() {
  const dir = testDir()
  const db = Database.open({ path: join(dir, 'w3bstream.db'), migrations: MIGRATIONS })
  onTestFinished(() => db.close())
  const files = await FileBlobStore.open(join(dir, 'payloads'))
  const gate = { put: Promise.resolve(), delete: Promise.resolve() }
  const puts = vi.fn()
  const deletes = vi.fn()
  const messages = new SqliteMessageLog(db, {
    get: (hash) => files.get(hash),
    put: async (bytes) => {
      const hash = await files.put(bytes)
      puts()
      await gate.put
      return hash
    },
    delete: async (hash) => {
      deletes()
      await gate.delete
      await files.delete(hash)
    },
  })
  const tasks = new SqliteTaskStore(db)
  const log = someLog()
  await messages.append([unsigned(log, LARGE)])
  const task = await nextTask(tasks, log, await readLog(messages, log, 1), { at: 1_000 })
  await tasks.create(task)
  await tasks.advance(task.id, { to: 'failed' }, { at: 1, actor: 'x', reason: 'y' })
  return {
    files,
    messages,
    log,
    gate,
    puts,
    deletes,
    expire: async () => (await expireDue(messages, log, 2_000)).deleted,
  }
}

describe('SqliteMessageLog', () => {
  messageLogSuite(() => testStore())

  describe('while payloads are deleted', () => {
    it('keeps the file of a message that is just arriving', async () => {
      const { messages, log, gate, puts, expire } = await expiring()
      const { promise, resolve } = Promise.withResolvers<void>()
      puts.mockClear()
      gate.put = promise
      const again = unsigned(log, LARGE)
      const arriving = messages.append([again])
      await vi.waitFor(() => expect(puts).toHaveBeenCalled())
      expect(await expire()).toBe(1)
      resolve()
      await arriving
      expect((await messages.get(again.message.id))?.payload).toBe(LARGE)
    })

    it('deletes a file that could not be deleted with the next call, and takes messages meanwhile', async () => {
      const { files, messages, log, gate, deletes, expire } = await expiring()
      const away = Promise.withResolvers<void>()
      gate.delete = away.promise
      const failing = expire()
      await vi.waitFor(() => expect(deletes).toHaveBeenCalled())
      away.reject(new Error('the disk is away'))
      await expect(failing).rejects.toThrow('the disk is away')
      await messages.append([unsigned(log, 'y'.repeat(20_000))])
      gate.delete = Promise.resolve()
      expect(await expire()).toBe(0)
      expect(deletes).toHaveBeenCalledTimes(2)
      expect(await files.get(sha256(LARGE))).toBeNull()
      await expire()
      expect(deletes).toHaveBeenCalledTimes(2)
    })

    it('lets a message that arrives wait for the deletion', async () => {
      const { files, messages, log, gate, deletes, expire } = await expiring()
      const { promise, resolve } = Promise.withResolvers<void>()
      gate.delete = promise
      const expired = expire()
      await vi.waitFor(() => expect(deletes).toHaveBeenCalled())
      const again = unsigned(log, LARGE)
      const arriving = messages.append([again])
      // As long as it would take to arrive without waiting.
      for (const byte of [1, 2, 3]) await files.put(new Uint8Array(20_000).fill(byte))
      resolve()
      expect(await expired).toBe(1)
      await arriving
      expect((await messages.get(again.message.id))?.payload).toBe(LARGE)
    })
  })
})
