import { hash as digest, randomBytes } from 'node:crypto'
import { closeSync, fdatasync, fsync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { BlobStore } from '@w3bstream/core/ports'
import { CorruptBlobError, type Hash, hash } from '@w3bstream/protocol'
import { toStoreError } from './toStoreError.ts'

/**
 * Bytes in files named by their sha-256, spread over 256 directories by its first byte.
 *
 * A file is written aside, synced, renamed to its name, and the directory is synced: a name that exists has whole bytes behind it.
 */
export class FileBlobStore implements BlobStore {
  readonly #dir: string
  readonly #madeDirs = new Set<string>()

  private constructor(dir: string) {
    this.#dir = dir
  }

  /** @throws {StoreUnavailableError} */
  static async open(dir: string): Promise<FileBlobStore> {
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 })
      // What a killed process left half written.
      await rm(join(dir, 'tmp'), { recursive: true, force: true })
      await mkdir(join(dir, 'tmp'))
    } catch (error) {
      throw toStoreError(error)
    }
    return new FileBlobStore(dir)
  }

  async put(bytes: Uint8Array): Promise<Hash> {
    const hex = digest('sha256', bytes, 'hex')
    const temporary = join(this.#dir, 'tmp', randomBytes(16).toString('hex'))
    try {
      const dir = await this.#dirOf(hex)
      await writeDurably(temporary, bytes)
      // Also where the name exists: that heals a file that was damaged.
      renameSync(temporary, join(dir, hex))
      await syncDir(dir)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw toStoreError(error)
    }
    return hash(`0x${hex}`)
  }

  async get(wanted: Hash): Promise<Uint8Array | null> {
    const hex = wanted.slice(2)
    let bytes: Buffer
    try {
      bytes = await readFile(join(this.#dir, hex.slice(0, 2), hex))
    } catch (error) {
      if (isMissing(error)) return null
      throw toStoreError(error)
    }
    if (digest('sha256', bytes, 'hex') !== hex) throw new CorruptBlobError({ hash: wanted })
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  async delete(unwanted: Hash): Promise<void> {
    const hex = unwanted.slice(2)
    try {
      await rm(join(this.#dir, hex.slice(0, 2), hex), { force: true })
    } catch (error) {
      throw toStoreError(error)
    }
  }

  async #dirOf(hex: string): Promise<string> {
    const dir = join(this.#dir, hex.slice(0, 2))
    if (!this.#madeDirs.has(dir)) {
      await mkdir(dir, { recursive: true })
      await syncDir(this.#dir)
      this.#madeDirs.add(dir)
    }
    return dir
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

/*
 * What only touches the page cache is done at once: a turn through the thread pool costs more than the call. What waits for the disk, or
 * copies much, goes through the pool.
 */
const syncData = promisify(fdatasync)
const sync = promisify(fsync)
const SMALL_BYTES = 262_144

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  if (bytes.length > SMALL_BYTES) return writeFile(path, bytes, { flag: 'wx', mode: 0o600, flush: true })
  const file = openSync(path, 'wx', 0o600)
  try {
    writeFileSync(file, bytes)
    await syncData(file)
  } finally {
    closeSync(file)
  }
}

/** Makes the names in a directory durable. */
async function syncDir(dir: string): Promise<void> {
  const handle = openSync(dir, 'r')
  try {
    await sync(handle)
  } finally {
    closeSync(handle)
  }
}
