import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'

const DAG_PB = 0x70

/** @returns the CID, a dag-pb one in its version 0 form so that equal content has one spelling; null where the text is no CID */
export function parseCid(text: string): CID | null {
  if (text.length > 128) return null
  try {
    const cid = CID.parse(text)
    return cid.version === 1 && cid.code === DAG_PB && cid.multihash.code === sha256.code ? cid.toV0() : cid
  } catch {
    // The parser has no other way to say that a text is not a CID.
    return null
  }
}
