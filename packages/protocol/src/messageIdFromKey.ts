import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, fromHex, toWord } from './Hex.ts'
import type { MessageId, ProjectId } from './ids.ts'
import { messageIdInRun, RUN_LENGTH } from './messageRun.ts'
import type { Domain } from './typedData.ts'
import { formatUuid } from './uuid.ts'

const utf8 = new TextEncoder()
const PREFIX = utf8.encode('W3bstream-message-id-v1')
const RUN_PREFIX = utf8.encode('W3bstream-message-run-v1')

/**
 * The id of a message that was sent with an idempotency key: a version 8 UUID from
 * sha256("W3bstream-message-id-v1" || chain id (32) || registry (20) || project (8) || length of principal (4) || principal || key), big-endian, so
 * that the same key of the same principal gives the same id wherever it is sent. Who knows the key knows the id.
 *
 * A key `<base>:<0 to 999>` hashes "W3bstream-message-run-v1" and the base alone; its number takes the place of the id's low 10 bits. So the messages of
 * one batch, whose keys differ by their index, have ids that differ there alone.
 *
 * @param p.principal who was authenticated: a device's DID, or a token's name
 */
export function messageIdFromKey(p: {
  readonly domain: Domain
  readonly projectId: ProjectId
  readonly principal: string
  readonly key: string
}): MessageId {
  const numbered = numberedKey(p.key)
  const principal = utf8.encode(p.principal)
  const hash = sha256(
    concatBytes(
      numbered === null ? PREFIX : RUN_PREFIX,
      toWord(p.domain.chainId),
      fromHex(p.domain.verifyingContract),
      toWord(p.projectId, 8),
      toWord(BigInt(principal.length), 4),
      principal,
      utf8.encode(numbered === null ? p.key : numbered.base),
    ),
  )
  const id = formatUuid(hash, 8)
  return numbered === null ? id : messageIdInRun(id, numbered.index)
}

/** Takes `<base>:<0 to 999>` apart; null for any other key. */
export function numberedKey(key: string): { readonly base: string; readonly index: number } | null {
  const match = /^(.*):(0|[1-9][0-9]{0,2})$/s.exec(key)
  if (match === null) return null
  const index = Number(match[2])
  return index < RUN_LENGTH ? { base: match[1] ?? '', index } : null
}
