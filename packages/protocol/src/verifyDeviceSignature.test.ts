import { webcrypto } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { BadSignatureError } from './errors/BadSignatureError.ts'
import { concatBytes, fromHex, fromWord, toHex, toWord } from './Hex.ts'
import { hash } from './ids.ts'
import { normaliseSignature } from './normaliseSignature.ts'
import { didOfAddress, didOfKey } from './parseDid.ts'
import { recoverSigner } from './recoverSigner.ts'
import { type DeviceSignature, verifyDeviceSignature, verifyDeviceSignatureSync } from './verifyDeviceSignature.ts'

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const digest = hash(`0x${'5a'.repeat(32)}`)
const other = hash(`0x${'5b'.repeat(32)}`)

function sign65(key: Uint8Array): Uint8Array {
  const recovered = secp256k1.sign(fromHex(digest), key, { prehash: false, format: 'recovered' })
  return concatBytes(recovered.subarray(1), Uint8Array.of(27 + (recovered[0] ?? 0)))
}

/** The two forms of the check must agree. */
async function verdict(claim: DeviceSignature): Promise<boolean> {
  const verdicts = [true, true]
  await verifyDeviceSignature(claim).catch((error: unknown) => {
    expect(error).toBeInstanceOf(BadSignatureError)
    verdicts[0] = false
  })
  try {
    verifyDeviceSignatureSync(claim)
  } catch (error) {
    expect(error).toBeInstanceOf(BadSignatureError)
    verdicts[1] = false
  }
  expect(verdicts[0]).toBe(verdicts[1])
  return verdicts[0] ?? false
}

afterEach(() => void vi.unstubAllGlobals())

describe('a secp256k1 device', () => {
  // The first account of anvil, whose address is known from there.
  const key = fromHex('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
  const address = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'
  const did = didOfAddress(address)
  const signature = sign65(key)

  it('is told by its address, or by its key', async () => {
    expect(recoverSigner(digest, signature)).toBe(address)
    expect(await verdict({ did, digest, signature })).toBe(true)
    const byKey = didOfKey('secp256k1', secp256k1.getPublicKey(key))
    expect(await verdict({ did: byKey, digest, signature })).toBe(true)
  })

  it('may give 0 or 1 as the last byte, or 64 bytes by EIP-2098', async () => {
    const low = signature.with(64, (signature[64] ?? 0) - 27)
    const compact = signature.slice(0, 64)
    compact[32] = (compact[32] ?? 0) | (signature[64] === 28 ? 0x80 : 0)
    for (const form of [low, compact]) {
      expect(toHex(normaliseSignature(form))).toBe(toHex(signature))
      expect(await verdict({ did, digest, signature: form })).toBe(true)
    }
  })

  it('is refused over another digest, with another key, a high s, or a bad shape', async () => {
    const high = concatBytes(
      signature.subarray(0, 32),
      toWord(N - fromWord(signature.subarray(32, 64))),
      Uint8Array.of(signature[64] === 27 ? 28 : 27),
    )
    expect(await verdict({ did, digest: other, signature })).toBe(false)
    expect(await verdict({ did: didOfAddress(`0x${'11'.repeat(20)}`), digest, signature })).toBe(false)
    expect(await verdict({ did, digest, signature: high })).toBe(false)
    expect(toHex(normaliseSignature(high, { highS: 'flip' }))).toBe(toHex(signature))
    for (const size of [0, 63, 66]) expect(await verdict({ did, digest, signature: new Uint8Array(size) })).toBe(false)
    expect(await verdict({ did, digest, signature: signature.with(64, 29) })).toBe(false)
    expect(await verdict({ did, digest, signature: new Uint8Array(65) })).toBe(false)
    expect(await verdict({ did, digest, signature: concatBytes(toWord(N), signature.subarray(32)) })).toBe(false)
  })

  it('is refused when a native recovery finds nobody, or the zero address', async () => {
    const nobody = () => {
      throw new TypeError('native')
    }
    expect(await verdict({ did, digest, signature, recover: nobody })).toBe(false)
    const zero = `0x${'00'.repeat(20)}` as const
    expect(await verdict({ did: didOfAddress(zero), digest, signature, recover: () => zero })).toBe(false)
  })

  it('recovers every signer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
        const secret = secp256k1.utils.randomSecretKey(concatBytes(seed, new Uint8Array(16)))
        const recovered = secp256k1.sign(fromHex(digest), secret, { prehash: false, format: 'recovered' })
        const form = concatBytes(recovered.subarray(1), recovered.subarray(0, 1))
        const did = didOfKey('secp256k1', secp256k1.getPublicKey(secret))
        verifyDeviceSignatureSync({ did, digest, signature: form })
      }),
      { numRuns: 20 },
    )
  })
})

describe('an ed25519 device', () => {
  // RFC 8032, section 7.1, test 3 (af82) gives the key; didOfKey's text is checked in parseDid.test.ts.
  const key = fromHex('0xc5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7')
  const did = didOfKey('ed25519', ed25519.getPublicKey(key))
  const signature = ed25519.sign(fromHex(digest), key)

  it('signs the digest, with WebCrypto or without', async () => {
    expect(await verdict({ did, digest, signature })).toBe(true)
    expect(await verdict({ did, digest: other, signature })).toBe(false)
    expect(await verdict({ did, digest, signature: signature.with(3, 1 ^ (signature[3] ?? 0)) })).toBe(false)
    expect(await verdict({ did, digest, signature: signature.subarray(1) })).toBe(false)
  })

  it('signs where WebCrypto does not know the curve', async () => {
    const fresh = didOfKey('ed25519', ed25519.getPublicKey(fromHex(other)))
    const made = ed25519.sign(fromHex(digest), fromHex(other))
    vi.stubGlobal('crypto', {})
    expect(await verdict({ did: fresh, digest, signature: made })).toBe(true)
    expect(await verdict({ did: fresh, digest: other, signature: made })).toBe(false)
  })
})

describe('a P-256 device', () => {
  it('signs the SHA-256 of the digest, as WebCrypto does', async () => {
    const { privateKey, publicKey } = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])
    const raw = new Uint8Array(await webcrypto.subtle.exportKey('raw', publicKey))
    const did = didOfKey('p256', p256.Point.fromBytes(raw).toBytes(true))
    for (let i = 0; i < 8; i++) {
      const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
      const signature = new Uint8Array(await webcrypto.subtle.sign(algorithm, privateKey, fromHex(digest)))
      expect(await verdict({ did, digest, signature })).toBe(true)
      expect(await verdict({ did, digest: other, signature })).toBe(false)
    }
    expect(await verdict({ did, digest, signature: new Uint8Array(64) })).toBe(false)
    expect(await verdict({ did, digest, signature: new Uint8Array(65) })).toBe(false)
  })
})
