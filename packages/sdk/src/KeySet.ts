import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, fromWord, type Hex, InvalidInputError, poseidon, toHex, toWord } from '@w3bstream/protocol'

const DEPTH = 8
/** Most keys of a set. */
export const MOST_KEYS = 2 ** DEPTH

/** A public key for a set that guests check. */
export interface GuestKey {
  readonly type: 'ed25519' | 'p256'
  /** ed25519: 32 bytes; P-256: x || y, 64 bytes. */
  readonly publicKey: Uint8Array
}

/** How a tree hashes. */
interface Form {
  readonly empty: Uint8Array
  readonly node: (left: Uint8Array, right: Uint8Array) => Uint8Array
}

/**
 * The devices that a project trusts, as a Merkle tree of depth 8: a proof shows by a path that a reading was signed by one of them, and the dApp knows the root.
 *
 * - `forCircuit`: secp256k1 keys; leaf = Poseidon(x lo, mid, hi, y lo, mid, hi), limbs of 88 bits; node = Poseidon(left, right); an empty leaf is 0.
 * - `forGuest`: ed25519 and P-256 keys; leaf = sha256(0x00 || 1 or 2 || key), node = sha256(0x01 || left || right); an empty leaf is 32 zero bytes.
 */
export class KeySet {
  /** As the proof's first output. */
  readonly root: Hex
  /** How many keys it has. */
  readonly size: number
  /** Nodes by level, leaves first; what lies beyond a level's end is all empty. */
  readonly #levels: readonly (readonly Uint8Array[])[]
  /** The node of each level that has nothing but empty leaves under it. */
  readonly #empty: readonly Uint8Array[]

  private constructor(leaves: readonly Uint8Array[], form: Form) {
    const levels = [leaves]
    const empty = [form.empty]
    for (let depth = 0; depth < DEPTH; depth++) {
      const [below, none] = [levels[depth] ?? [], empty[depth] ?? form.empty]
      levels.push(
        Array.from({ length: Math.ceil(below.length / 2) }, (_, i) =>
          form.node(below[2 * i] ?? none, below[2 * i + 1] ?? none),
        ),
      )
      empty.push(form.node(none, none))
    }
    this.size = leaves.length
    this.root = toHex(levels[DEPTH]?.[0] ?? empty[DEPTH] ?? form.empty)
    this.#levels = levels
    this.#empty = empty
  }

  /**
   * @param publicKeys secp256k1: x || y (64 bytes), uncompressed (65) or compressed (33)
   * @throws {InvalidInputError} none or more than 256 keys, one twice, or bytes that are no key
   */
  static forCircuit(publicKeys: readonly Uint8Array[]): KeySet {
    const keys = checked(publicKeys, (key) => point(secp256k1, key))
    const leaf = (key: Uint8Array) => toWord(poseidon([key.subarray(0, 32), key.subarray(32)].flatMap(limbs)))
    const node = (left: Uint8Array, right: Uint8Array) => toWord(poseidon([fromWord(left), fromWord(right)]))
    return new KeySet(keys.map(leaf), { empty: new Uint8Array(32), node })
  }

  /** @throws {InvalidInputError} none or more than 256 keys, one twice, or bytes that are no key */
  static forGuest(guestKeys: readonly GuestKey[]): KeySet {
    const keys = checked(guestKeys, ({ type, publicKey }) =>
      type === 'ed25519'
        ? concatBytes(Uint8Array.of(1), edwardsPoint(publicKey))
        : concatBytes(Uint8Array.of(2), point(p256, publicKey)),
    )
    const leaf = (key: Uint8Array) => sha256(concatBytes(Uint8Array.of(0), key))
    const node = (left: Uint8Array, right: Uint8Array) => sha256(concatBytes(Uint8Array.of(1), left, right))
    return new KeySet(keys.map(leaf), { empty: new Uint8Array(32), node })
  }

  /**
   * What a reading carries beside its signature: where its key stands.
   *
   * @param index place of the key in the list that the set was made of
   * @returns the 8 siblings, from the leaf upwards
   * @throws {RangeError} no key has this index
   */
  path(index: number): readonly Hex[] {
    if (!Number.isInteger(index) || index < 0 || index >= this.size)
      throw new RangeError(`no key has the index ${index}`)
    return Array.from({ length: DEPTH }, (_, level) =>
      toHex(this.#levels[level]?.[(index >> level) ^ 1] ?? this.#empty[level] ?? new Uint8Array(32)),
    )
  }
}

/** The keys in their one form, each once. */
function checked<Key>(keys: readonly Key[], read: (key: Key) => Uint8Array): Uint8Array[] {
  if (keys.length === 0 || keys.length > MOST_KEYS)
    throw new InvalidInputError({ field: 'keys', problem: `have to be 1 to ${MOST_KEYS}` })
  const seen = new Map<Hex, number>()
  return keys.map((key, i) => {
    let bytes: Uint8Array
    try {
      bytes = read(key)
    } catch (cause) {
      throw new InvalidInputError({ field: `keys[${i}]`, problem: 'is no public key of its curve', cause })
    }
    const first = seen.get(toHex(bytes))
    if (first !== undefined)
      throw new InvalidInputError({ field: `keys[${i}]`, problem: `is the same key as keys[${first}]` })
    seen.set(toHex(bytes), i)
    return bytes
  })
}

/** @returns x || y of a point on the curve. Throws where it is none */
function point(curve: typeof secp256k1 | typeof p256, key: Uint8Array): Uint8Array {
  const encoded = key.length === 64 ? concatBytes(Uint8Array.of(4), key) : key
  return curve.Point.fromBytes(encoded).toBytes(false).subarray(1)
}

/** Throws where it is no point, or one of small order, under which anyone's signature may hold. */
function edwardsPoint(key: Uint8Array): Uint8Array {
  if (ed25519.Point.fromBytes(key).isSmallOrder()) throw new RangeError('a point of small order')
  return Uint8Array.from(key)
}

const LIMB = (1n << 88n) - 1n

/** A coordinate in limbs of 88 bits, lowest first. */
function limbs(coordinate: Uint8Array): bigint[] {
  const value = fromWord(coordinate)
  return [value & LIMB, (value >> 88n) & LIMB, value >> 176n]
}
