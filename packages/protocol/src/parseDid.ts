import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { decodeBase58, encodeBase58 } from './base58.ts'
import { InvalidInputError } from './errors/InvalidInputError.ts'
import { type Address, concatBytes, toHex } from './Hex.ts'
import type { Did } from './ids.ts'
import { keccak } from './keccak.ts'

/** The key that a DID names. */
export type DeviceKey =
  | { readonly type: 'secp256k1'; readonly did: Did; readonly address: Address }
  /** 32 bytes. */
  | { readonly type: 'ed25519'; readonly did: Did; readonly publicKey: Uint8Array }
  /** 65 bytes, uncompressed. */
  | { readonly type: 'p256'; readonly did: Did; readonly publicKey: Uint8Array }

const CODECS = {
  ed25519: Uint8Array.of(0xed, 0x01),
  p256: Uint8Array.of(0x80, 0x24),
  secp256k1: Uint8Array.of(0xe7, 0x01),
} as const

const MAX_KNOWN = 10_000
/** DIDs read of late: a device sends many messages, and reading a point of a curve costs as much as checking a signature. */
const known = new Map<string, DeviceKey>()

/**
 * Reads a device's DID: `did:io:<40 hex>`, with or without `0x`, which names a secp256k1 key by its address, or `did:key:z…` of an ed25519, P-256 or
 * secp256k1 key (multicodec 0xed, 0x1200, 0xe7).
 *
 * @returns the key, with the DID in its one normal form; the same object for the same text, while that is remembered
 * @throws {InvalidInputError} for any other DID, or bytes that are no public key
 */
export function parseDid(text: string): DeviceKey {
  const found = known.get(text)
  if (found !== undefined) return found
  const key = readDid(text)
  const [oldest] = known.keys()
  if (known.size >= MAX_KNOWN && oldest !== undefined) known.delete(oldest)
  known.set(text, key)
  return key
}

function readDid(text: string): DeviceKey {
  const io = /^did:io:(?:0x)?([0-9a-fA-F]{40})$/.exec(text)?.[1]
  if (io !== undefined) {
    const address: Address = `0x${io.toLowerCase()}`
    return { type: 'secp256k1', did: didOfAddress(address), address }
  }
  const encoded = /^did:key:z([1-9A-HJ-NP-Za-km-z]{1,64})$/.exec(text)?.[1]
  const bytes = encoded === undefined ? null : decodeBase58(encoded)
  const key = bytes === null ? null : readKey(text as Did, bytes)
  if (key === null)
    throw new InvalidInputError({
      field: 'device',
      problem: 'has to be did:io:<40 hex digits>, or did:key:z… of an ed25519, P-256 or secp256k1 key',
    })
  return key
}

/** @returns the DID of a device whose secp256k1 key has this address */
export function didOfAddress(address: Address): Did {
  return `did:io:${address.slice(2).toLowerCase()}` as Did
}

/**
 * @param publicKey 32 bytes for ed25519, 33 bytes (compressed) for the others
 * @returns the key's `did:key`
 */
export function didOfKey(type: DeviceKey['type'], publicKey: Uint8Array): Did {
  return `did:key:z${encodeBase58(concatBytes(CODECS[type], publicKey))}` as Did
}

function readKey(did: Did, bytes: Uint8Array): DeviceKey | null {
  const codec = (type: DeviceKey['type']) => CODECS[type].every((byte, i) => bytes[i] === byte)
  const key = bytes.subarray(2)
  try {
    if (codec('ed25519') && key.length === 32) return { type: 'ed25519', did, publicKey: key }
    if (key.length !== 33) return null
    if (codec('p256')) return { type: 'p256', did, publicKey: p256.Point.fromBytes(key).toBytes(false) }
    if (codec('secp256k1')) {
      const point = secp256k1.Point.fromBytes(key).toBytes(false)
      return { type: 'secp256k1', did, address: toHex(keccak(point.subarray(1)).subarray(12)) }
    }
  } catch {
    // Bytes that are no point of the curve: no key, as any other malformed one.
  }
  return null
}
