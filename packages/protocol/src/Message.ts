import type { Hex } from './Hex.ts'
import type { Did, Hash, MessageId, ProjectId } from './ids.ts'

/**
 * How the sender of a message was authenticated.
 * - `none`: it was not; the message carries no device.
 * - `device`: a signature over the `Message` typed data, nonce included.
 * - `legacy`: a signature over the older API's JSON, which has no nonce.
 * - `token`: an API token; the message carries no device.
 */
export type MessageAuth = 'none' | 'device' | 'legacy' | 'token'

/** One message as it is stored and packed. */
export interface Message {
  readonly id: MessageId
  readonly projectId: ProjectId
  readonly version: string
  readonly auth: MessageAuth
  /** Present where a signature proved it. */
  readonly device: Did | null
  /** Present with `device` auth. Below 2^64. */
  readonly nonce: bigint | null
  /** The `data` string as it was sent. */
  readonly payload: string
  /** sha-256 of the payload's UTF-8 bytes. */
  readonly payloadHash: Hash
  readonly signature: Hex | null
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
}

/** A message without what was sent: all that digests, leaves and receipts need. */
export type Envelope = Omit<Message, 'payload'>
