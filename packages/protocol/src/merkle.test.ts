import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex } from './Hex.ts'
import { type Hash, hash, messageId } from './ids.ts'
import { inclusionProof, leafBlind, leafHash, merkleRoot, verifyInclusion } from './merkle.ts'
import { keccak256 } from './typedData.ts'

/** RFC 6962, section 2.1, word for word, over leaf hashes. */
function rfcRoot(leaves: readonly Hash[]): Hash {
  const [only, ...rest] = leaves
  if (only === undefined) throw new RangeError('no leaves')
  if (rest.length === 0) return only
  const k = largestPowerBelow(leaves.length)
  return node(rfcRoot(leaves.slice(0, k)), rfcRoot(leaves.slice(k)))
}

/** RFC 6962, section 2.1.1. */
function rfcPath(m: number, leaves: readonly Hash[]): Hash[] {
  if (leaves.length === 1) return []
  const k = largestPowerBelow(leaves.length)
  return m < k
    ? [...rfcPath(m, leaves.slice(0, k)), rfcRoot(leaves.slice(k))]
    : [...rfcPath(m - k, leaves.slice(k)), rfcRoot(leaves.slice(0, k))]
}

function largestPowerBelow(n: number): number {
  let k = 1
  while (2 * k < n) k *= 2
  return k
}

const node = (left: Hash, right: Hash) => keccak256(concatBytes(Uint8Array.of(1), fromHex(left), fromHex(right)))

const leaf = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => keccak256(bytes))
const stranger = fc.uint8Array({ minLength: 33, maxLength: 33 }).map((bytes) => keccak256(bytes))
const trees = fc.uniqueArray(leaf, { minLength: 1, maxLength: 40 })
const places = trees.chain((leaves) => fc.tuple(fc.constant(leaves), fc.nat(leaves.length - 1)))

describe('a messages root', () => {
  it("is RFC 6962's", () => {
    fc.assert(
      fc.property(trees, (leaves) => {
        expect(merkleRoot(leaves)).toBe(rfcRoot(leaves))
      }),
    )
  })

  it("opens by RFC 6962's audit path", () => {
    fc.assert(
      fc.property(places, ([leaves, index]) => {
        const proof = inclusionProof(leaves, index)
        expect(proof).toEqual({ index, count: leaves.length, path: rfcPath(index, leaves) })
        expect(verifyInclusion(leaves[index] ?? hash(''), proof, merkleRoot(leaves))).toBe(true)
      }),
    )
  })

  it('does not open another leaf, elsewhere, in a tree of another size, or by another path', () => {
    fc.assert(
      fc.property(places, stranger, fc.nat(), ([leaves, index], other, at) => {
        const root = merkleRoot(leaves)
        const proof = inclusionProof(leaves, index)
        const own = leaves[index] ?? other
        expect(verifyInclusion(other, proof, root)).toBe(false)
        expect(verifyInclusion(own, proof, other)).toBe(false)
        const moved = at % (leaves.length + 2)
        if (moved !== index) expect(verifyInclusion(own, { ...proof, index: moved }, root)).toBe(false)
        expect(verifyInclusion(own, { ...proof, path: [...proof.path, other] }, root)).toBe(false)
        expect(verifyInclusion(own, { ...proof, path: proof.path.slice(1) }, root)).toBe(leaves.length === 1)
        const step = at % (proof.path.length || 1)
        const bent = proof.path.map((hash, i) => (i === step ? other : hash))
        if (proof.path.length > 0) expect(verifyInclusion(own, { ...proof, path: bent }, root)).toBe(false)
      }),
    )
  })

  it('has a count that is part of the claim wherever it shapes the path', () => {
    const leaves = Array.from({ length: 5 }, (_, i) => keccak256(Uint8Array.of(i)))
    const proof = inclusionProof(leaves, 4)
    const last = leaves[4] ?? hash('')
    for (const count of [0, 1, 2, 3, 4, 6, 7, 8, 16, -5, 4.5, Number.NaN])
      expect([count, verifyInclusion(last, { ...proof, count }, merkleRoot(leaves))]).toEqual([count, false])
    for (const index of [-1, 5, 4.5, Number.NaN])
      expect(verifyInclusion(last, { ...proof, index }, merkleRoot(leaves))).toBe(false)
  })

  it('is refused over nothing, and a path to nowhere too', () => {
    expect(() => merkleRoot([])).toThrow(RangeError)
    expect(() => inclusionProof([keccak256(new Uint8Array())], 1)).toThrow(RangeError)
    expect(() => inclusionProof([], 0)).toThrow(RangeError)
  })

  it('keeps leaves and inner nodes apart', () => {
    const [digest, blind] = [keccak256(Uint8Array.of(1)), keccak256(Uint8Array.of(2))]
    const id = messageId('01890000-0000-7000-8000-000000000001')
    expect(merkleRoot([digest, blind])).toBe(node(digest, blind))
    expect(leafHash(id, digest, blind)).not.toBe(node(digest, blind))
  })
})

describe('a leaf', () => {
  const id = messageId('01890000-0000-7000-8000-0000000000AB')
  const bytes = fromHex('0x018900000000700080000000000000ab')
  const salt = hash(`0x${'07'.repeat(32)}`)

  it('is over prefix, id, digest and blind', () => {
    const [digest, blind] = [keccak256(Uint8Array.of(1)), leafBlind(salt, id)]
    expect(leafHash(id, digest, blind)).toBe(
      keccak256(concatBytes(Uint8Array.of(0), bytes, fromHex(digest), fromHex(blind))),
    )
  })

  it('has a blind that only the salt gives', () => {
    expect(leafBlind(salt, id)).toBe(`0x${createHmac('sha256', fromHex(salt)).update(bytes).digest('hex')}`)
  })
})
