import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, fromHex, toWord } from './Hex.ts'
import type { MessageId, ProjectId } from './ids.ts'
import type { Domain } from './typedData.ts'
import { formatUuid } from './uuid.ts'

const utf8 = new TextEncoder()
const PREFIX = utf8.encode('W3bstream-message-id-v1')

/**
 * The id of a message that was sent with an idempotency key: a version 8 UUID from
 * sha256("W3bstream-message-id-v1" || chain id (32) || registry (20) || project (8) || length of principal (4) || principal || key), big-endian, so
 * that the same key of the same principal gives the same id wherever it is sent.
 *
 * @param p.principal who was authenticated: a device's DID, or a token's name
 */
export function messageIdFromKey(p: {
  readonly domain: Domain
  readonly projectId: ProjectId
  readonly principal: string
  readonly key: string
}): MessageId {
  const principal = utf8.encode(p.principal)
  const hash = sha256(
    concatBytes(
      PREFIX,
      toWord(p.domain.chainId),
      fromHex(p.domain.verifyingContract),
      toWord(p.projectId, 8),
      toWord(BigInt(principal.length), 4),
      principal,
      utf8.encode(p.key),
    ),
  )
  return formatUuid(hash, 8)
}
