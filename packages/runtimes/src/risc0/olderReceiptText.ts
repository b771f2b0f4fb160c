import { fromHex, toHex } from '@w3bstream/protocol'
import type { GuestProof } from './checkGuestProof.ts'

/** Digest of the state of a guest that ended: risc0's tagged structure `risc0.SystemState` of a zero root and pc 0. */
const POST_STATE_DIGEST = '0xa3acc27117418996340b84e5a90f3ef4c49d22c79e44aad822ec9c313e1eb8e2'
const SELECTOR_BYTES = 4
const WORD_BYTES = 32

/**
 * A receipt as the older runtimes return it, which is what clients are shown and older receivers are sent: `{"Stark":{imageId, journal, receipt}}` or
 * `{"Snark":{"snark":{a, b, c},"post_state_digest","journal"}}`, whose byte strings are lists of bytes. Written here, so that it says what was verified.
 */
export function olderReceiptText({ kind, proof, journal }: GuestProof, imageId: Uint8Array): string {
  if (kind === 'composite') {
    const receipt = Buffer.from(proof).toString('base64')
    return JSON.stringify({ Stark: { imageId: toHex(imageId), journal: toHex(journal), receipt } })
  }
  const word = (at: number): number[] => {
    const from = SELECTOR_BYTES + WORD_BYTES * at
    return [...proof.subarray(from, from + WORD_BYTES)]
  }
  const pair = (at: number) => [word(at), word(at + 1)]
  const snark = { a: pair(0), b: [pair(2), pair(4)], c: pair(6) }
  return JSON.stringify({ Snark: { snark, post_state_digest: [...fromHex(POST_STATE_DIGEST)], journal: [...journal] } })
}
