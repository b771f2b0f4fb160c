import { platformRandom, toHex } from '@w3bstream/protocol'
import type { Aws } from '../calls/Aws.ts'
import { AwsError } from '../calls/AwsError.ts'
import { toBase64 } from '../calls/toBase64.ts'
import type { ObjectName } from './Payload.ts'

/** Payloads that lie in the bucket, one or many an object. */
export class PayloadObjects {
  readonly #aws: Aws
  readonly #bucket: string

  constructor(modules: { readonly aws: Aws }, options: { readonly bucket: string }) {
    this.#aws = modules.aws
    this.#bucket = options.bucket
  }

  /** Stores bytes under a name that nobody else has: who finds them not needed may delete them. */
  async put(body: Uint8Array): Promise<ObjectName> {
    const name = platformRandom(16)
    const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(body))
    await this.#aws.s3.put({
      bucket: this.#bucket,
      key: keyOf(name),
      body,
      sha256: toBase64(new Uint8Array(digest)),
    })
    return name
  }

  get(name: ObjectName): Promise<Uint8Array | null> {
    return this.#aws.s3.get({ bucket: this.#bucket, key: keyOf(name) })
  }

  /** A part of an object; null where the object is not there or ends before. */
  async part(
    name: ObjectName,
    range: { readonly offset: number; readonly length: number },
  ): Promise<Uint8Array | null> {
    if (range.length === 0) return new Uint8Array()
    try {
      return await this.#aws.s3.get({ bucket: this.#bucket, key: keyOf(name), range })
    } catch (error) {
      if (error instanceof AwsError && error.code === 'InvalidRange') return null
      throw error
    }
  }

  /** Deletes an object that turned out not to be needed. Where that fails it only takes room: the caller's work is done. */
  async drop(name: ObjectName): Promise<void> {
    await this.delete(name).catch(() => {})
  }

  delete(name: ObjectName): Promise<void> {
    return this.#aws.s3.delete({ bucket: this.#bucket, key: keyOf(name) })
  }
}

const keyOf = (name: ObjectName): string => `batches/${toHex(name).slice(2)}`
