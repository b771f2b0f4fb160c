import type { Content } from '@w3bstream/core/ports'
import { ContentUnavailableError } from '@w3bstream/protocol'
import { exporter } from 'ipfs-unixfs-exporter'
import { equals } from 'multiformats/bytes'
import type { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { fetchOutside } from './fetchOutside.ts'
import { type EndpointOptions, endpoint } from './KuboContent.ts'
import { parseCid } from './parseCid.ts'

/** The largest block that IPFS nodes pass on. */
const MAX_BLOCK = 2 * 1024 * 1024
/** What a block is charged at least, so that a graph of tiny blocks ends too. */
const MIN_CHARGE = 256
const CONCURRENCY = 8

/**
 * A trustless gateway (specs.ipfs.tech/http-gateways/trustless-gateway): asks for single blocks, checks the hash of each and puts the file
 * together here, so that the gateway can withhold, but not change, what was published.
 */
export class GatewayContent implements Pick<Content, 'fetch'> {
  readonly #options: EndpointOptions

  constructor(options: EndpointOptions) {
    this.#options = options
  }

  /** @param uri a bare CID of a file */
  async fetch(uri: string, limit: { readonly maxBytes: number; readonly timeoutMs: number }): Promise<Uint8Array> {
    const cid = parseCid(uri)
    const refuse = (reason: string, cause?: unknown) =>
      new ContentUnavailableError({ uri, reason, retryable: false, cause })
    if (cid === null) throw refuse('it is not a CID')
    const until = performance.now() + limit.timeoutMs
    let budget = 2 * limit.maxBytes + MAX_BLOCK
    const blocks = {
      get: async function* (this: void, block: CID): AsyncGenerator<Uint8Array> {
        const bytes = await read(block)
        budget -= Math.max(bytes.length, MIN_CHARGE)
        if (budget < 0) throw refuse(`its blocks are larger than a file of ${limit.maxBytes} bytes may have`)
        yield bytes
      },
    }
    const read = (block: CID) => this.#block(block, Math.max(1, Math.ceil(until - performance.now())))
    try {
      const entry = await exporter(cid, blocks)
      if (entry.type === 'directory' || entry.type === 'object') throw refuse('it is not a file')
      const tooLarge = `it is larger than ${limit.maxBytes} bytes`
      if (entry.size > BigInt(limit.maxBytes)) throw refuse(tooLarge)
      const parts: Uint8Array[] = []
      let size = 0
      for await (const part of entry.content({ blockReadConcurrency: CONCURRENCY })) {
        size += part.length
        if (size > limit.maxBytes) throw refuse(tooLarge)
        parts.push(part)
      }
      return new Uint8Array(Buffer.concat(parts, size))
    } catch (error) {
      if (error instanceof ContentUnavailableError) throw error
      throw refuse(error instanceof Error ? error.message : String(error), error)
    }
  }

  /** One block, whose hash has been checked. */
  async #block(cid: CID, timeoutMs: number): Promise<Uint8Array> {
    const { url, allowPrivate, lookup } = this.#options
    const uri = endpoint(url, `ipfs/${cid}?format=raw`)
    if (cid.multihash.code !== sha256.code)
      throw new ContentUnavailableError({
        uri,
        reason: 'only blocks named by sha2-256 can be checked',
        retryable: false,
      })
    const { body } = await fetchOutside(uri, {
      maxBytes: MAX_BLOCK,
      timeoutMs,
      headers: { accept: 'application/vnd.ipld.raw' },
      ...(allowPrivate === undefined ? {} : { allowPrivate }),
      ...(lookup === undefined ? {} : { lookup }),
    })
    const digest = await sha256.digest(body)
    if (!equals(digest.digest, cid.multihash.digest))
      throw new ContentUnavailableError({
        uri,
        reason: 'the gateway gave other bytes than the block has',
        retryable: true,
      })
    return body
  }
}
