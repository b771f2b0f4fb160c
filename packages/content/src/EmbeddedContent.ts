import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobStore, Content } from '@w3bstream/core/ports'
import {
  ContentUnavailableError,
  CorruptBlobError,
  type Hash,
  hash,
  InvalidInputError,
  StoreUnavailableError,
} from '@w3bstream/protocol'
import { cidOf } from './cidOf.ts'
import { parseCid } from './parseCid.ts'

/**
 * Content that this deployment keeps itself: bytes lie in the blob store, and a directory of small files leads from a CID to a blob's hash.
 * CIDs are those of `ipfs add`, so that what is published here can be moved to IPFS under the same name.
 */
export class EmbeddedContent implements Content {
  readonly #blobs: BlobStore
  readonly #dir: string

  /** @param options.dir the index; made when something is first published */
  constructor(modules: { readonly blobs: BlobStore }, options: { readonly dir: string }) {
    this.#blobs = modules.blobs
    this.#dir = options.dir
  }

  /** @returns the CID; the bytes and their index entry are durable. @throws {StoreUnavailableError} */
  async publish(bytes: Uint8Array): Promise<string> {
    const [cid, blob] = await Promise.all([cidOf(bytes), this.#blobs.put(bytes)])
    if ((await this.#indexed(cid)) === blob) return cid
    try {
      await this.#write(cid, blob)
    } catch (cause) {
      throw unavailable(cause)
    }
    return cid
  }

  /** @param uri a bare CID */
  async fetch(uri: string, limit: { readonly maxBytes: number; readonly timeoutMs: number }): Promise<Uint8Array> {
    const bytes = await this.get(uri)
    if (bytes === null)
      throw new ContentUnavailableError({ uri, reason: 'it is not in the embedded store', retryable: false })
    if (bytes.length > limit.maxBytes)
      throw new ContentUnavailableError({ uri, reason: `it is larger than ${limit.maxBytes} bytes`, retryable: false })
    return bytes
  }

  /**
   * @returns the bytes published under a CID, or null where there are none
   * @throws {ContentUnavailableError} they were changed behind the store's back
   */
  async get(text: string): Promise<Uint8Array | null> {
    const cid = parseCid(text)?.toString()
    const blob = cid === undefined ? null : await this.#indexed(cid)
    if (cid === undefined || blob === null) return null
    try {
      const bytes = await this.#blobs.get(blob)
      if (bytes !== null && (await cidOf(bytes)) !== cid) throw new CorruptBlobError({ hash: blob })
      return bytes
    } catch (cause) {
      if (!(cause instanceof CorruptBlobError)) throw cause
      throw new ContentUnavailableError({ uri: text, reason: 'its stored bytes were changed', retryable: false, cause })
    }
  }

  async #write(cid: string, blob: Hash): Promise<void> {
    await mkdir(this.#dir, { recursive: true })
    const temporary = join(this.#dir, `.${randomUUID()}`)
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(blob)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, join(this.#dir, cid))
    const dir = await open(this.#dir, 'r')
    try {
      await dir.sync()
    } finally {
      await dir.close()
    }
  }

  async #indexed(cid: string): Promise<Hash | null> {
    try {
      return hash((await readFile(join(this.#dir, cid), 'latin1')).trim())
    } catch (error) {
      // A damaged entry is as good as none: publishing again writes it anew.
      if (error instanceof InvalidInputError) return null
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
      throw unavailable(error)
    }
  }
}

function unavailable(cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError({ reason: cause instanceof Error ? cause.message : String(cause), cause })
}
