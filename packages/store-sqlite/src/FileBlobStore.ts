import { hash as digest, randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
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
      await writeFile(temporary, bytes, { flag: 'wx', mode: 0o600, flush: true })
      // Also where the name exists: that heals a file that was damaged.
      await rename(temporary, join(dir, hex))
      await syncDir(dir)
    } catch (error) {
      await rm(temporary, { force: true })
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

/** Makes the names in a directory durable. */
async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
