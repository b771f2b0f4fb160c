import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase58, encodeBase58 } from './base58.ts'
import { InvalidInputError } from './errors/InvalidInputError.ts'
import { toHex } from './Hex.ts'
import { didOfKey, parseDid } from './parseDid.ts'

describe('parseDid', () => {
  it('brings did:io into one form', () => {
    const address = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'
    for (const text of [
      `did:io:${address.slice(2)}`,
      `did:io:${address}`,
      `did:io:0x${address.slice(2).toUpperCase()}`,
    ])
      expect(parseDid(text)).toEqual({ type: 'secp256k1', did: `did:io:${address.slice(2)}`, address })
  })

  // Examples of the did:key method's specification.
  it.each([
    ['did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp', 'ed25519'],
    ['did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169', 'p256'],
    ['did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme', 'secp256k1'],
  ] as const)('reads %s', (did, type) => {
    const key = parseDid(did)
    expect(key).toMatchObject({ type, did })
    if (key.type === 'ed25519') expect(didOfKey(type, key.publicKey)).toBe(did)
    if (key.type === 'p256') expect(didOfKey(type, p256.Point.fromBytes(key.publicKey).toBytes(true))).toBe(did)
  })

  it('gives a secp256k1 key its address', () => {
    const secret = new Uint8Array(32).fill(0)
    secret[31] = 1
    const key = parseDid(didOfKey('secp256k1', secp256k1.getPublicKey(secret)))
    expect(key).toMatchObject({ address: '0x7e5f4552091a69125d5dfcb7b8c2659029395bdf' })
  })

  it.each([
    '',
    'did:io:12',
    `did:io:0x${'0'.repeat(41)}`,
    'did:web:example.com',
    'did:key:z',
    'did:key:zOOO',
    'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW',
    'did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc',
    didOfKey('p256', new Uint8Array(33).fill(5)),
    didOfKey('secp256k1', new Uint8Array(33).fill(2)).replace(/.$/, ''),
    didOfKey('ed25519', new Uint8Array(33)),
    `did:key:z${'1'.repeat(1000)}`,
  ])('refuses %s', (text) => {
    expect(() => parseDid(text)).toThrow(InvalidInputError)
  })

  it('reads back base58 that it wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(toHex(decodeBase58(encodeBase58(bytes)) ?? new Uint8Array(1))).toBe(toHex(bytes))
      }),
    )
    expect(encodeBase58(new TextEncoder().encode('Hello World!'))).toBe('2NEpo7TZRRrLZSi2U')
    expect(decodeBase58('0OIl')).toBeNull()
  })
})
