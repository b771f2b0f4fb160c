import { StoreUnavailableError } from '@w3bstream/protocol'

/** SQLite's primary result codes (https://sqlite.org/rescode.html) that say the storage, not the statement, failed. */
const REASONS: Readonly<Record<number, string>> = {
  5: 'the database is locked by another process',
  6: 'a table is locked',
  7: 'out of memory',
  8: 'the database is read-only',
  10: 'the disk reports an input/output error',
  11: 'the database file is damaged',
  13: 'the disk is full',
  14: 'the database file cannot be opened',
  15: 'the lock protocol failed',
  22: 'files of this size are not supported here',
  26: 'the file is not a database',
}

/** File system errors that say the same. */
const CODES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'a file would become too large',
  EIO: 'the disk reports an input/output error',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EACCES: 'access is denied',
  EPERM: 'access is denied',
  EISDIR: 'a directory is where a file belongs',
  ENOTDIR: 'a file is where a directory belongs',
  ENOENT: 'its directory is gone',
}

/** @returns a StoreUnavailableError where a native error came from the storage, else the error itself */
export function toStoreError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  if ('errcode' in error && typeof error.errcode === 'number') {
    const reason = REASONS[error.errcode & 0xff]
    if (reason !== undefined) return new StoreUnavailableError({ reason, cause: error })
  }
  if ('code' in error && typeof error.code === 'string') {
    const reason = error.code === 'ERR_INVALID_STATE' ? 'it is closed' : CODES[error.code]
    if (reason !== undefined) return new StoreUnavailableError({ reason, cause: error })
  }
  return error
}
