import { DatabaseSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'
import { type CheckpointOptions, FLAG } from './CheckpointOptions.ts'

/*
 * Copies the WAL into the database beside the writer, so that the writer never stops for it.
 * Sleeps without a timer until the writer says that there is something to copy.
 */
const { path, flags, everyMs, restartPages } = workerData as CheckpointOptions
const db = new DatabaseSync(path, { timeout: 0 })
db.exec('PRAGMA synchronous=FULL; PRAGMA cache_size=-512')
const passive = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')

while (Atomics.load(flags, FLAG.stop) === 0) {
  Atomics.wait(flags, FLAG.dirty, 0)
  Atomics.wait(flags, FLAG.stop, 0, everyMs)
  Atomics.store(flags, FLAG.dirty, 0)
  let pages = 0
  try {
    const row = passive.get()
    pages = Number(row?.log ?? 0)
  } catch {
    // A full disk or a busy moment: nothing is lost, the WAL keeps it; the next write asks again.
  }
  if (pages > restartPages && Atomics.load(flags, FLAG.stop) === 0) {
    // The writer starts the WAL over between two transactions; until then another pass would have little to do.
    Atomics.store(flags, FLAG.restart, 1)
    Atomics.wait(flags, FLAG.restart, 1, 1_000)
  }
}
db.close()
