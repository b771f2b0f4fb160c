import type { BlobStore } from '@w3bstream/core/ports'
import { CorruptBlobError, type Hash, hash, InvalidInputError, toHex } from '@w3bstream/protocol'
import type { Aws } from '../calls/Aws.ts'
import { AwsError } from '../calls/AwsError.ts'
import { ownedBytes } from '../calls/ownedBytes.ts'
import { toBase64 } from '../calls/toBase64.ts'
import { toStoreError } from '../calls/toStoreError.ts'

/** One PUT of S3 takes up to 5 GB; a function's memory, and what the road carries, much less. */
const MAX_BYTES = 100 * 1024 * 1024

export interface S3BlobStoreModules {
  readonly aws: Pick<Aws, 's3'>
}
export interface S3BlobStoreOptions {
  readonly bucket: string
  /** In front of each key, with a slash at its end. Default `blobs/`. */
  readonly prefix?: string
}

/**
 * Bytes as objects of a bucket, named by their sha-256 in hex.
 *
 * An object is written where there is none, and S3 checks its bytes against the hash before it keeps them: a name that exists has the right bytes
 * behind it, and what is there is never replaced.
 */
export class S3BlobStore implements BlobStore {
  readonly #aws: Pick<Aws, 's3'>
  readonly #bucket: string
  readonly #prefix: string

  constructor({ aws }: S3BlobStoreModules, { bucket, prefix = 'blobs/' }: S3BlobStoreOptions) {
    this.#aws = aws
    this.#bucket = bucket
    this.#prefix = prefix
  }

  async put(bytes: Uint8Array): Promise<Hash> {
    if (bytes.length > MAX_BYTES)
      throw new InvalidInputError({ field: 'blob', problem: `is larger than ${MAX_BYTES} bytes` })
    const digest = await sha256(bytes)
    const name = hash(toHex(digest))
    try {
      await this.#aws.s3.put({ ...this.#at(name), body: bytes, sha256: toBase64(digest), ifAbsent: true })
    } catch (error) {
      if (!(error instanceof AwsError) || error.code !== 'PreconditionFailed') throw toStoreError(error)
    }
    return name
  }

  async get(wanted: Hash): Promise<Uint8Array | null> {
    let bytes: Uint8Array | null
    try {
      bytes = await this.#aws.s3.get(this.#at(wanted))
    } catch (error) {
      throw toStoreError(error)
    }
    if (bytes !== null && toHex(await sha256(bytes)) !== wanted) throw new CorruptBlobError({ hash: wanted })
    return bytes
  }

  async delete(unwanted: Hash): Promise<void> {
    try {
      await this.#aws.s3.delete(this.#at(unwanted))
    } catch (error) {
      throw toStoreError(error)
    }
  }

  #at(name: Hash): { readonly bucket: string; readonly key: string } {
    return { bucket: this.#bucket, key: `${this.#prefix}${name.slice(2)}` }
  }
}

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', ownedBytes(bytes)))
}
