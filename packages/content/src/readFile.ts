import * as dagPb from '@ipld/dag-pb'
import { ContentUnavailableError } from '@w3bstream/protocol'
import { UnixFS } from 'ipfs-unixfs'
import type { CID } from 'multiformats/cid'

/** The largest block that IPFS nodes pass on, in bytes. */
export const MAX_BLOCK = 2 * 1024 * 1024
/** What a block is charged at least, so that a graph of tiny blocks ends too. */
const MIN_CHARGE = 1024
/** Deeper than any file: 174 links a node reach 2^52 bytes in five levels. */
const MAX_DEPTH = 8
const READ_AHEAD = 8
const RAW = 0x55

/**
 * Puts a UnixFS file together from its blocks, asking for several at a time.
 * Every size that a node claims has to come true, which ends hostile graphs early.
 * @param block gives a block whose hash has been checked
 * @throws {ContentUnavailableError} not a file, larger than `maxBytes`, or malformed
 */
export async function readFile(
  root: CID,
  maxBytes: number,
  block: (cid: CID) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const uri = root.toString()
  const refuse = (reason: string, cause?: unknown) =>
    new ContentUnavailableError({ uri, reason, retryable: false, cause })
  let budget = 2 * maxBytes + MAX_BLOCK
  let size = 0
  const parts: Uint8Array[] = []

  const add = (bytes: Uint8Array): void => {
    size += bytes.length
    if (size > maxBytes) throw refuse(`it is larger than ${maxBytes} bytes`)
    parts.push(bytes)
  }

  const visit = async (cid: CID, reading: Promise<Uint8Array>, depth: number): Promise<void> => {
    const bytes = await reading
    budget -= Math.max(bytes.length, MIN_CHARGE)
    if (budget < 0) throw refuse(`it has more blocks than a file of ${maxBytes} bytes needs`)
    if (cid.code === RAW) return add(bytes)
    if (cid.code !== dagPb.code) throw refuse('it is not a file')
    const { file, links } = parse(bytes)
    if (size + Number(file.fileSize()) > maxBytes) throw refuse(`it is larger than ${maxBytes} bytes`)
    if (links.length > 0 && depth === MAX_DEPTH) throw refuse('its blocks are nested too deeply')
    if (file.data !== undefined) add(file.data)
    const ahead = links.slice(0, READ_AHEAD).map(read)
    for (const [i, link] of links.entries()) {
      const next = links[i + READ_AHEAD]
      if (next !== undefined) ahead.push(read(next))
      const before = size
      await visit(link, ahead[i] ?? read(link), depth + 1)
      if (BigInt(size - before) !== file.blockSizes[i]) throw refuse('a part of it has another size than it says')
    }
  }

  const parse = (bytes: Uint8Array): { readonly file: UnixFS; readonly links: readonly CID[] } => {
    const decoded = (() => {
      try {
        const node = dagPb.decode(bytes)
        if (node.Data === undefined) throw new TypeError('no data')
        return { file: UnixFS.unmarshal(node.Data), links: node.Links.map((link) => link.Hash) }
      } catch (cause) {
        throw refuse('one of its blocks is malformed', cause)
      }
    })()
    const { file, links } = decoded
    if (file.type !== 'file' && file.type !== 'raw') throw refuse('it is not a file')
    if (file.blockSizes.length !== links.length) throw refuse('one of its blocks is malformed')
    return decoded
  }

  const read = (cid: CID): Promise<Uint8Array> => {
    const reading = block(cid)
    // Whoever waits for the block sees its failure; one that was read ahead may have nobody waiting any more.
    reading.catch(() => {})
    return reading
  }

  await visit(root, read(root), 0)
  return new Uint8Array(Buffer.concat(parts, size))
}
