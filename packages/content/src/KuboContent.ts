import { randomUUID } from 'node:crypto'
import type { Content } from '@w3bstream/core/ports'
import { ContentUnavailableError, concatBytes } from '@w3bstream/protocol'
import { cidOf } from './cidOf.ts'
import { fetchOutside } from './fetchOutside.ts'
import type { Lookup } from './publicAddresses.ts'

/** How an endpoint is reached. */
export interface EndpointOptions {
  /** Base URL, such as `http://127.0.0.1:5001`. */
  readonly url: string
  /** `host:port` that may be private: an operator's own endpoint. */
  readonly allowPrivate?: readonly string[]
  readonly lookup?: Lookup
}

/** An IPFS node's RPC, as kubo has it. It is trusted to give the right bytes: whoever asks checks their hash. */
export class KuboContent implements Content {
  readonly #options: EndpointOptions

  constructor(options: EndpointOptions) {
    this.#options = options
  }

  /** @param cid a bare CID */
  async fetch(cid: string, limit: { readonly maxBytes: number; readonly timeoutMs: number }): Promise<Uint8Array> {
    const url = endpoint(this.#options.url, `api/v0/cat?arg=${encodeURIComponent(cid)}`)
    const { body } = await fetchOutside(url, { ...this.#reach(), ...limit, method: 'POST' })
    return body
  }

  /** Adds and pins. @returns the CID, which is the one that `cidOf` gives */
  async publish(bytes: Uint8Array, timeoutMs = 60_000): Promise<string> {
    const boundary = randomUUID()
    const utf8 = new TextEncoder()
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\nContent-Type: application/octet-stream\r\n\r\n`
    const query = 'pin=true&cid-version=0&raw-leaves=false&chunker=size-262144&quieter=true'
    const url = endpoint(this.#options.url, `api/v0/add?${query}`)
    const { body } = await fetchOutside(url, {
      ...this.#reach(),
      maxBytes: 64 * 1024,
      timeoutMs,
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: concatBytes(utf8.encode(head), bytes, utf8.encode(`\r\n--${boundary}--\r\n`)),
    })
    const expected = await cidOf(bytes)
    const added = addedCid(new TextDecoder().decode(body))
    if (added !== expected)
      throw new ContentUnavailableError({
        uri: url,
        reason: `it stored the bytes as ${added ?? 'nothing that it names'}, not as ${expected}`,
        retryable: false,
      })
    return expected
  }

  #reach() {
    const { allowPrivate, lookup } = this.#options
    return { ...(allowPrivate === undefined ? {} : { allowPrivate }), ...(lookup === undefined ? {} : { lookup }) }
  }
}

/** @returns `path` under a base URL that may have a path of its own */
export function endpoint(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}/${path}`
}

/** The last line of the answer names the root. */
function addedCid(text: string): string | null {
  try {
    const last: unknown = JSON.parse(text.trim().split('\n').at(-1) ?? '')
    return typeof last === 'object' && last !== null && 'Hash' in last && typeof last.Hash === 'string'
      ? last.Hash
      : null
  } catch {
    // Whatever it is, it does not name a CID; the caller says so.
    return null
  }
}
