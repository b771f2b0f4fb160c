import type { Content } from '@w3bstream/core/ports'
import { ContentUnavailableError } from '@w3bstream/protocol'
import { equals } from 'multiformats/bytes'
import type { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { fetchOutside } from './fetchOutside.ts'
import { type EndpointOptions, endpoint } from './KuboContent.ts'
import { parseCid } from './parseCid.ts'
import { MAX_BLOCK, readFile } from './readFile.ts'

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
    if (cid === null) throw new ContentUnavailableError({ uri, reason: 'it is not a CID', retryable: false })
    const until = performance.now() + limit.timeoutMs
    const stop = new AbortController()
    try {
      return await readFile(cid, limit.maxBytes, (block) =>
        this.#block(block, Math.max(1, Math.ceil(until - performance.now())), stop.signal),
      )
    } finally {
      // Blocks that were asked for ahead are of no use any more.
      stop.abort()
    }
  }

  /** One block, whose hash has been checked. */
  async #block(cid: CID, timeoutMs: number, signal: AbortSignal): Promise<Uint8Array> {
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
      signal,
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
