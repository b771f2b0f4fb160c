import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, fromHex, toWord } from './Hex.ts'
import type { Did, MessageId, ProjectId } from './ids.ts'
import type { Domain } from './typedData.ts'
import { formatUuid } from './uuid.ts'

const utf8 = new TextEncoder()
const PREFIX = utf8.encode('W3bstream-message-nonce-v1')

/**
 * The id of a message that a device signed: a version 8 UUID from HMAC-SHA256(secret, "W3bstream-message-nonce-v1" || chain id (32) || registry (20) ||
 * project (8) || nonce (8) || device), big-endian. The same nonce of the same device gives the same id, and only who knows the secret can tell it before.
 *
 * @param p.secret a deployment's own, 32 random bytes
 * @param p.nonce below 2^64
 */
export function messageIdFromNonce(p: {
  readonly secret: Uint8Array
  readonly domain: Domain
  readonly projectId: ProjectId
  readonly device: Did
  readonly nonce: bigint
}): MessageId {
  const mac = hmac(
    sha256,
    p.secret,
    concatBytes(
      PREFIX,
      toWord(p.domain.chainId),
      fromHex(p.domain.verifyingContract),
      toWord(p.projectId, 8),
      toWord(p.nonce, 8),
      utf8.encode(p.device),
    ),
  )
  return formatUuid(mac, 8)
}
