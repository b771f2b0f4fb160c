import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BlobStore, ChainState, Clock, Queue, Quota, TaskStore, Tokens } from '@w3bstream/core/ports'
import { Database } from './Database.ts'
import { DirectoryLock } from './DirectoryLock.ts'
import { FileBlobStore } from './FileBlobStore.ts'
import { SqliteBlobStore } from './SqliteBlobStore.ts'
import { SqliteChainState } from './SqliteChainState.ts'
import { SqliteMessageLog } from './SqliteMessageLog.ts'
import { SqliteQueue } from './SqliteQueue.ts'
import { SqliteTaskStore } from './SqliteTaskStore.ts'
import { SqliteTokens } from './SqliteTokens.ts'
import { MIGRATIONS } from './schema.ts'
import { TokenBucketQuota } from './TokenBucketQuota.ts'
import { toStoreError } from './toStoreError.ts'

export interface StoreOptions {
  /** Data directory; made where it does not exist, readable by its owner alone. */
  readonly dir: string
  /** Default: the system's. */
  readonly clock?: Clock
  /** Limits the database's size, in pages of 4 KiB. Default: the disk. */
  readonly maxPages?: number
}

/** All storage ports over one data directory. */
export interface Store {
  readonly dir: string
  readonly messages: SqliteMessageLog
  readonly tasks: TaskStore
  readonly blobs: BlobStore
  /** Files that payloads are exported to before retention deletes them: an operator may move them away. */
  readonly exports: BlobStore
  /** The queue of that name; the same one each time. */
  queue(name: string): Queue
  readonly chain: ChainState
  readonly quota: Quota
  readonly tokens: Tokens
  /** Writes what was asked for and gives the directory back. */
  close(): Promise<void>
}

/**
 * Opens or creates a data directory, for this process alone.
 * @throws {StoreInUseError} another process has it @throws {StoreFormatError} a newer release wrote it @throws {StoreUnavailableError}
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { dir, maxPages } = options
  const clock = options.clock ?? { now: () => Date.now() }
  const lock = lockDir(dir)
  try {
    const path = join(dir, 'w3bstream.db')
    const db = Database.open({ path, migrations: MIGRATIONS, ...(maxPages === undefined ? {} : { maxPages }) })
    await freeHolds(db)
    // Apart from other blobs, since retention deletes payloads: equal bytes may be a proof.
    const payloads = await FileBlobStore.open(join(dir, 'payloads'))
    const queues = new Map<string, SqliteQueue>()
    return {
      dir,
      messages: new SqliteMessageLog(db, payloads),
      tasks: new SqliteTaskStore(db),
      blobs: new SqliteBlobStore(db, await FileBlobStore.open(join(dir, 'blobs'))),
      exports: await FileBlobStore.open(join(dir, 'exports')),
      queue: (name) => {
        const queue = queues.get(name) ?? new SqliteQueue(db, name, clock)
        queues.set(name, queue)
        return queue
      },
      chain: new SqliteChainState(db),
      quota: new TokenBucketQuota(clock),
      tokens: new SqliteTokens(db),
      close: async () => {
        await db.close()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Whoever held tasks and hints when the store was last open is gone, as the lock shows: nobody waits for their time to run out. */
async function freeHolds(db: Database): Promise<void> {
  await db.write(() => {
    db.sql(`UPDATE tasks SET lease_holder = NULL WHERE state = 'assigned' AND lease_holder IS NOT NULL`).run()
    db.sql('UPDATE hints SET held = 0, again_at = NULL, visible_at = 0 WHERE held = 1').run()
  })
}

function lockDir(dir: string): DirectoryLock {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    return new DirectoryLock(dir)
  } catch (error) {
    throw toStoreError(error)
  }
}
