import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import {
  concatBytes,
  fromHex,
  fromWord,
  type Hex,
  InvalidInputError,
  poseidon,
  toHex,
  toWord,
} from '@w3bstream/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type GuestKey, KeySet } from './KeySet.ts'

const secret = (i: number) => toWord(BigInt(i + 1))
const circuitKeys = Array.from({ length: 5 }, (_, i) => secp256k1.getPublicKey(secret(i), false).subarray(1))
const guestKeys: readonly GuestKey[] = Array.from({ length: 5 }, (_, i) =>
  i % 2 === 0
    ? { type: 'ed25519', publicKey: ed25519.getPublicKey(secret(i)) }
    : { type: 'p256', publicKey: p256.getPublicKey(secret(i), false).subarray(1) },
)

type Node = (left: Uint8Array, right: Uint8Array) => Uint8Array
const poseidonNode: Node = (left, right) => toWord(poseidon([fromWord(left), fromWord(right)]))
const shaNode: Node = (left, right) => sha256(concatBytes(Uint8Array.of(1), left, right))

/** Walks from a leaf to the root, as a circuit or guest does. */
const climb = (leaf: Uint8Array, index: number, path: readonly Hex[], node: Node): Hex =>
  toHex(
    path.reduce((below, sibling, level) => {
      const other = fromHex(sibling)
      return (index >> level) & 1 ? node(other, below) : node(below, other)
    }, leaf),
  )

/** A leaf by its definition, with limbs cut from the hex digits: 22 digits are 88 bits. */
function circuitLeaf(key: Uint8Array): Uint8Array {
  const cut = (coordinate: Uint8Array) => {
    const digits = toHex(coordinate).slice(2)
    return [digits.slice(42), digits.slice(20, 42), digits.slice(0, 20)].map((part) => BigInt(`0x${part}`))
  }
  return toWord(poseidon([...cut(key.subarray(0, 32)), ...cut(key.subarray(32))]))
}
const guestLeaf = ({ type, publicKey }: GuestKey): Uint8Array =>
  sha256(concatBytes(Uint8Array.of(0, type === 'ed25519' ? 1 : 2), publicKey))

describe('a key set for circuits', () => {
  it('leads from each key to the root', () => {
    const set = KeySet.forCircuit(circuitKeys)
    for (const [i, key] of circuitKeys.entries()) {
      expect(set.path(i)).toHaveLength(8)
      expect(climb(circuitLeaf(key), i, set.path(i), poseidonNode)).toBe(set.root)
    }
  })

  it('takes a key in each of its forms, and gives the same root', () => {
    const forms = [true, false].map((compressed) =>
      circuitKeys.map((_, i) => secp256k1.getPublicKey(secret(i), compressed)),
    )
    for (const keys of forms) expect(KeySet.forCircuit(keys).root).toBe(KeySet.forCircuit(circuitKeys).root)
  })

  it('takes all 256 keys that it has room for, and no more', () => {
    const keys = Array.from({ length: 257 }, (_, i) => secp256k1.getPublicKey(secret(i)))
    const full = KeySet.forCircuit(keys.slice(0, 256))
    expect(full.size).toBe(256)
    const last = secp256k1.getPublicKey(secret(255), false).subarray(1)
    expect(climb(circuitLeaf(last), 255, full.path(255), poseidonNode)).toBe(full.root)
    expect(() => KeySet.forCircuit(keys)).toThrow('1 to 256')
  })

  it('refuses what is no key, and names it', () => {
    const [key = new Uint8Array(64)] = circuitKeys
    expect(() => KeySet.forCircuit([])).toThrow(InvalidInputError)
    expect(() => KeySet.forCircuit([key, secp256k1.getPublicKey(secret(0))])).toThrow(
      'keys[1] is the same key as keys[0]',
    )
    for (const bytes of [new Uint8Array(64), key.subarray(1), key.with(63, (key[63] ?? 0) ^ 1), new Uint8Array(33)])
      expect(() => KeySet.forCircuit([key, bytes])).toThrow('keys[1] is no public key')
  })
})

describe('a key set for guests', () => {
  it('leads from each key of either kind to the root', () => {
    const set = KeySet.forGuest(guestKeys)
    for (const [i, key] of guestKeys.entries()) expect(climb(guestLeaf(key), i, set.path(i), shaNode)).toBe(set.root)
  })

  it('refuses what is no key, and keys of small order, under which anyone can sign', () => {
    const bad: readonly GuestKey[] = [
      { type: 'ed25519', publicKey: new Uint8Array(31) },
      { type: 'ed25519', publicKey: toWord(1n).reverse() },
      { type: 'ed25519', publicKey: new Uint8Array(32) },
      { type: 'p256', publicKey: circuitKeys[0] ?? new Uint8Array(64) },
    ]
    for (const key of bad) expect(() => KeySet.forGuest([...guestKeys, key])).toThrow('keys[5] is no public key')
    expect(() => KeySet.forGuest([...guestKeys, ...guestKeys])).toThrow('keys[5] is the same key as keys[0]')
  })
})

it('has a root that stands for the keys and their order, and a path for no other index', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 1 }), fc.integer(), (order, index) => {
      const chosen = order.flatMap((i) => guestKeys[i] ?? [])
      const set = KeySet.forGuest(chosen)
      expect(set.root === KeySet.forGuest(guestKeys).root).toBe(order.join() === '0,1,2,3,4')
      if (index < 0 || index >= set.size) expect(() => set.path(index)).toThrow(RangeError)
      for (const [at, key] of chosen.entries()) {
        expect(climb(guestLeaf(key), at, set.path(at), shaNode)).toBe(set.root)
        const elsewhere = (at + 1) % set.size
        if (elsewhere !== at) expect(climb(guestLeaf(key), elsewhere, set.path(elsewhere), shaNode)).not.toBe(set.root)
      }
    }),
  )
})
