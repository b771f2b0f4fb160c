import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'

/**
 * The CID that `ipfs add` gives a file by its defaults: version 0, dag-pb leaves, chunks of 262,144 bytes, a balanced tree of 174 links a node.
 */
export async function cidOf(bytes: Uint8Array): Promise<string> {
  const entries = importer(
    [{ content: chunksOf(bytes) }],
    { put: async (cid) => cid },
    {
      cidVersion: 0,
      rawLeaves: false,
      leafType: 'file',
      reduceSingleLeafToSelf: true,
      chunker: fixedSize({ chunkSize: CHUNK }),
      layout: balanced({ maxChildrenPerNode: 174 }),
    },
  )
  for await (const { cid } of entries) return cid.toString()
  throw new TypeError('the importer gave no entry')
}

const CHUNK = 262_144

/** The importer buffers what it is given: views keep a large file from being copied at once. */
function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK)
}
