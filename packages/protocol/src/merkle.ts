import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, fromHex, type Hex, toHex } from './Hex.ts'
import type { Hash, MessageId } from './ids.ts'
import { keccak } from './keccak.ts'

/** Opens one leaf of a messages root: the RFC 6962 audit path, nearest sibling first. */
export interface InclusionProof {
  readonly index: number
  readonly count: number
  readonly path: readonly Hex[]
}

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)
const node = (left: Uint8Array, right: Uint8Array): Uint8Array => keccak(concatBytes(NODE, left, right))

/** The 16 bytes of a message id. */
export function messageIdBytes(id: MessageId): Uint8Array {
  return fromHex(`0x${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${id.slice(19, 23)}${id.slice(24)}`)
}

/**
 * HMAC-SHA256(salt, message id): keeps a leaf from being guessed, since readings have little entropy. Shown in that message's receipt alone.
 * @param salt the task's 32-byte salt
 */
export function leafBlind(salt: Hash, id: MessageId): Hash {
  return leafBlinder(salt)(id)
}

/** {@link leafBlind} for many messages of one task: the key is prepared once. */
export function leafBlinder(salt: Hash): (id: MessageId) => Hash {
  const keyed = hmac.create(sha256, fromHex(salt))
  return (id) => toHex(keyed.clone().update(messageIdBytes(id)).digest()) as Hash
}

/** keccak256(0x00 || message id (16) || message digest (32) || blind (32)). */
export function leafHash(id: MessageId, digest: Hash, blind: Hash): Hash {
  return toHex(keccak(concatBytes(LEAF, messageIdBytes(id), fromHex(digest), fromHex(blind)))) as Hash
}

/** Levels of the tree from the leaves up; an odd last node moves up as it is, which gives RFC 6962's shape. */
function levels(leaves: readonly Hash[]): Uint8Array[][] {
  if (leaves.length === 0) throw new RangeError('a task has at least one message')
  let level = leaves.map((leaf) => fromHex(leaf))
  const all = [level]
  while (level.length > 1) {
    const next: Uint8Array[] = []
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i], level[i + 1]]
      if (left !== undefined) next.push(right === undefined ? left : node(left, right))
    }
    level = next
    all.push(level)
  }
  return all
}

/** @returns the root over the leaf hashes, in order. @throws {RangeError} when there are none */
export function merkleRoot(leaves: readonly Hash[]): Hash {
  const top = levels(leaves).at(-1)?.[0]
  if (top === undefined) throw new RangeError('a task has at least one message')
  return toHex(top) as Hash
}

/** @throws {RangeError} when `index` is not a leaf's */
export function inclusionProof(leaves: readonly Hash[], index: number): InclusionProof {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) throw new RangeError(`no leaf ${index}`)
  const path: Hex[] = []
  let at = index
  for (const level of levels(leaves)) {
    const sibling = level[at ^ 1]
    if (level.length > 1 && sibling !== undefined) path.push(toHex(sibling))
    at >>= 1
  }
  return { index, count: leaves.length, path }
}

/** Checks an audit path as RFC 9162 section 2.1.3.2 does: index and count are part of the claim. */
export function verifyInclusion(leaf: Hash, proof: InclusionProof, root: Hash): boolean {
  if (!Number.isSafeInteger(proof.index) || proof.index < 0 || proof.index >= proof.count) return false
  let at = proof.index
  let last = proof.count - 1
  let hash = fromHex(leaf)
  for (const step of proof.path) {
    if (last === 0) return false
    const sibling = fromHex(step)
    if (sibling.length !== 32) return false
    if (at % 2 === 1 || at === last) {
      hash = node(sibling, hash)
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2)
        last = Math.floor(last / 2)
      }
    } else hash = node(hash, sibling)
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && toHex(hash) === root
}
