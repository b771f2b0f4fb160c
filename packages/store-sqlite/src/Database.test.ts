import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreFormatError } from '@w3bstream/core/ports'
import { StoreUnavailableError } from '@w3bstream/protocol'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Database, type DatabaseOptions } from './Database.ts'
import { testDir } from './testStore.ts'

const NOTES = ['CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT']

function testDatabase(options: Partial<DatabaseOptions> = {}): { readonly db: Database; readonly path: string } {
  const path = options.path ?? join(testDir(), 'notes.db')
  const db = Database.open({ path, migrations: NOTES, ...options })
  onTestFinished(() => db.close())
  return { db, path }
}

const add = (db: Database, text: string): void => {
  db.sql('INSERT INTO notes (text) VALUES (?)').run(text)
}
const texts = (db: Database): unknown[] =>
  db.read(() => db.sql('SELECT text FROM notes ORDER BY id').all()).map(({ text }) => text)

describe('Database', () => {
  it('commits what one turn asks for together, and resolves each with what it returned', async () => {
    const { db, path } = testDatabase()
    const other = new DatabaseSync(path)
    onTestFinished(() => other.close())
    const version = () => other.prepare('PRAGMA data_version').get()?.data_version
    const before = version()
    const all = await Promise.all(
      [1, 2, 3].map((i) =>
        db.write(() => {
          add(db, `${i}`)
          return i * 10
        }),
      ),
    )
    expect(all).toEqual([10, 20, 30])
    expect(texts(db)).toEqual(['1', '2', '3'])
    // SQLite counts the commits that another connection sees.
    expect(version()).toBe(Number(before) + 1)
  })

  it('shows nobody a write that is not committed', async () => {
    const { db } = testDatabase()
    const write = db.write(() => add(db, 'a'))
    expect(texts(db)).toEqual([])
    await write
    expect(texts(db)).toEqual(['a'])
  })

  it('undoes a refused job whole, and no other', async () => {
    const { db } = testDatabase()
    const outcomes = await Promise.allSettled([
      db.write(() => add(db, 'a')),
      db.write(() => {
        add(db, 'half')
        throw new RangeError('refused')
      }),
      db.write(() => add(db, 'a')),
      db.write(() => add(db, 'b')),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(outcomes[1]).toMatchObject({ reason: { message: 'refused' } })
    expect(texts(db)).toEqual(['a', 'b'])
  })

  it('undoes a refused job that is alone in its turn', async () => {
    const { db } = testDatabase()
    const refused = db.write(() => {
      add(db, 'half')
      throw new RangeError('refused')
    })
    await expect(refused).rejects.toThrow('refused')
    expect(texts(db)).toEqual([])
    await db.write(() => add(db, 'next'))
    expect(texts(db)).toEqual(['next'])
  })

  it('tells when rows were undone', async () => {
    const { db } = testDatabase()
    const undone = vi.fn()
    db.onRollback(undone)
    await db.write(() => add(db, 'a'))
    expect(undone).not.toHaveBeenCalled()
    await expect(db.write(() => add(db, 'a'))).rejects.toThrow()
    expect(undone).toHaveBeenCalled()
  })

  it('turns a full disk into an error that says so, with nothing half done, and goes on when there is space', async () => {
    const { db } = testDatabase({ maxPages: 40 })
    await db.write(() => add(db, 'small'))
    const outcomes = await Promise.allSettled([
      db.write(() => add(db, 'neighbour')),
      db.write(() => add(db, 'x'.repeat(400_000))),
    ])
    for (const outcome of outcomes) {
      expect(outcome.status).toBe('rejected')
      if (outcome.status === 'rejected') {
        expect(outcome.reason).toBeInstanceOf(StoreUnavailableError)
        expect(outcome.reason).toMatchObject({ retryable: true, status: 503 })
        expect(String(outcome.reason)).toContain('the disk is full')
      }
    }
    expect(texts(db)).toEqual(['small'])
    await db.write(() => add(db, 'neighbour'))
    db.sql('PRAGMA max_page_count=4000').get()
    await db.write(() => add(db, 'x'.repeat(400_000)))
    expect(texts(db)).toHaveLength(3)
  })

  it('copies the WAL into the database in its thread, and starts the WAL over', async () => {
    const { db, path } = testDatabase()
    const block = 'x'.repeat(2_000_000)
    for (let i = 0; i < 40; i++) await db.write(() => add(db, `${i}${block}`))
    const wal = () => Number(db.sql('PRAGMA wal_checkpoint(PASSIVE)').get()?.log)
    // 80 MB were written; the WAL starts over past 32 MiB, so it stays well below their sum.
    await vi.waitFor(async () => {
      await db.write(() => db.sql('DELETE FROM notes WHERE id = 1').run())
      expect(wal()).toBeLessThan(8_192)
    }, 10_000)
    expect(path).not.toBe('')
  })

  it('writes what was asked for before it closes, and nothing afterwards', async () => {
    const { db, path } = testDatabase()
    const last = db.write(() => add(db, 'last'))
    const closed = db.close()
    const late = db.write(() => add(db, 'late'))
    await expect(late).rejects.toThrow(StoreUnavailableError)
    await last
    await closed
    await db.close()
    expect(() => texts(db)).toThrow(StoreUnavailableError)
    expect(texts(testDatabase({ path }).db)).toEqual(['last'])
  })

  it('turns away writes beyond what it can hold instead of filling the memory', async () => {
    const { db } = testDatabase()
    const writes = Array.from({ length: 70_000 }, () => db.write(() => 1))
    const outcomes = await Promise.allSettled(writes)
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(70_000 - 65_536)
    expect(refused[0]).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE' } })
  })

  describe('formats', () => {
    it('are brought up to date, each migration once', async () => {
      const { db, path } = testDatabase()
      await db.write(() => add(db, 'old'))
      await db.close()
      const migrations = [...NOTES, `UPDATE notes SET text = text || '+'`]
      for (let i = 0; i < 2; i++) {
        const again = Database.open({ path, migrations })
        expect(texts(again)).toEqual(['old+'])
        await again.close()
      }
    })

    it('of a newer release are refused and left alone', async () => {
      const { db, path } = testDatabase({ migrations: [...NOTES, 'CREATE TABLE later (x INTEGER)'] })
      await db.close()
      expect(() => Database.open({ path, migrations: NOTES })).toThrow(StoreFormatError)
      expect(() => Database.open({ path, migrations: NOTES })).toThrow(
        'has format 2; this release reads formats up to 1',
      )
    })

    it('stay as they were when a migration fails half way', async () => {
      const { db, path } = testDatabase()
      await db.close()
      const broken = [...NOTES, 'CREATE TABLE later (x INTEGER); INSERT INTO nowhere VALUES (1)']
      expect(() => Database.open({ path, migrations: broken })).toThrow('nowhere')
      await Database.open({ path, migrations: [...NOTES, 'CREATE TABLE later (x INTEGER)'] }).close()
    })
  })
})
