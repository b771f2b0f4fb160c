import type { Hash } from '@w3bstream/protocol'

/** Bytes by hash. */
export interface BlobStore {
  /** Stores bytes under their sha-256; durable when it resolves. Idempotent. @throws {StoreUnavailableError} */
  put(bytes: Uint8Array): Promise<Hash>
  /** @returns the bytes, whose hash has been checked, or null. @throws {CorruptBlobError} */
  get(hash: Hash): Promise<Uint8Array | null>
  /** Forgets bytes; nothing happens where there are none. */
  delete(hash: Hash): Promise<void>
}
