import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { sha256 } from '@noble/hashes/sha2.js'
import {
  address,
  BadSignatureError,
  fromHex,
  hash,
  messageDigest,
  projectId,
  recoverSigner,
  toHex,
  verifyDeviceSignature,
} from '@w3bstream/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyOfDevice } from './keyOfDevice.ts'
import { type MessageToSign, signMessage } from './signMessage.ts'

const domain = { chainId: 31_337n, verifyingContract: address(`0x${'5a'.repeat(20)}`) }
const message: MessageToSign = { projectId: projectId(7), version: '0.1', nonce: 9n, payload: '{"temperature":21.4}' }
const secrets = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .filter((bytes) => bytes.some((byte) => byte !== 0) && bytes[0] !== 255)
const types = ['secp256k1', 'ed25519', 'p256'] as const

const digestOf = ({ payload, ...fields }: MessageToSign, device: string) =>
  messageDigest(domain, { ...fields, device, payloadHash: hash(toHex(sha256(new TextEncoder().encode(payload)))) })

for (const type of types)
  describe(`a ${type} device`, () => {
    it('signs what the entrance takes, for this message alone', async () => {
      await fc.assert(
        fc.asyncProperty(
          secrets,
          fc.bigInt(0n, 2n ** 64n - 1n),
          fc.string({ unit: 'binary' }),
          async (secret, nonce, payload) => {
            const signed = await signMessage(keyOfDevice(type, secret), domain, { ...message, nonce, payload })
            expect(signed).toMatchObject({ version: '0.1', nonce: `${nonce}` })
            const claim = { did: signed.device, signature: fromHex(signed.signature) }
            await verifyDeviceSignature({ ...claim, digest: digestOf({ ...message, nonce, payload }, signed.device) })
            const digest = digestOf({ ...message, nonce, payload: `${payload} ` }, signed.device)
            await expect(verifyDeviceSignature({ ...claim, digest })).rejects.toThrow(BadSignatureError)
          },
        ),
        { numRuns: 10 },
      )
    })

    it('is made of a secret of its curve alone, which its errors do not show', () => {
      for (const secret of [
        new Uint8Array(31),
        new Uint8Array(33),
        ...(type === 'ed25519' ? [] : [new Uint8Array(32)]),
      ])
        expect(() => keyOfDevice(type, secret)).toThrow(`secret is no private key of ${type}`)
    })
  })

it('has a key of its own, whatever becomes of the bytes that it was made of', async () => {
  const secret = new Uint8Array(32).fill(3)
  const key = keyOfDevice('ed25519', secret)
  const digest = hash(`0x${'77'.repeat(32)}`)
  const before = await key.sign(digest)
  secret.fill(4)
  expect(await key.sign(digest)).toBe(before)
  expect(ed25519.verify(fromHex(before), fromHex(digest), key.publicKey)).toBe(true)
})

it('gives the device of a key the name that others know it by', () => {
  const secret = fromHex('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
  expect(keyOfDevice('secp256k1', secret).device).toBe('did:io:f39fd6e51aad88f6f4ce6ab8827279cfffb92266')
})

it('signs with P-256 the sha-256 of the digest, as WebCrypto does, s in the lower half', async () => {
  const key = keyOfDevice('p256', new Uint8Array(32).fill(9))
  for (let i = 0; i < 8; i++) {
    const digest = hash(toHex(sha256(Uint8Array.of(i))))
    const signature = fromHex(await key.sign(digest))
    const publicKey = new Uint8Array([4, ...key.publicKey])
    expect(p256.verify(signature, sha256(fromHex(digest)), publicKey, { prehash: false, lowS: true })).toBe(true)
  }
})

it('signs with secp256k1 so that a contract finds the signer', async () => {
  const key = keyOfDevice('secp256k1', new Uint8Array(32).fill(5))
  const digest = hash(`0x${'42'.repeat(32)}`)
  expect(`did:io:${recoverSigner(digest, fromHex(await key.sign(digest))).slice(2)}`).toBe(key.device)
})

it('refuses a nonce that 64 bits do not hold', async () => {
  const key = keyOfDevice('ed25519', new Uint8Array(32).fill(1))
  await expect(signMessage(key, domain, { ...message, nonce: 2n ** 64n })).rejects.toThrow(RangeError)
})
