import { secp256k1 } from '@noble/curves/secp256k1.js'
import { address, BN254_R, fromHex, poseidon, projectId, toWord } from '@w3bstream/protocol'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { scopeOf } from './scopeOf.ts'
import { readingDigest, signReading } from './signReading.ts'

const secret = new Uint8Array(32).fill(7)
const publicKey = secp256k1.getPublicKey(secret)
const element = fc.bigInt(0n, BN254_R - 1n)
const verifies = (signature: string, scalar: bigint) =>
  secp256k1.verify(fromHex(signature), toWord(scalar), publicKey, { prehash: false, lowS: true })

it('signs the tagged digest of a reading as an ECDSA hash, with a low s', () => {
  fc.assert(
    fc.property(element, fc.tuple(element, element), element, (scope, values, other) => {
      const signature = signReading(secret, scope, values)
      expect(fromHex(signature)).toHaveLength(64)
      expect(
        verifies(
          signature,
          poseidon([BigInt(`0x${Buffer.from('W3bstream-reading-v1').toString('hex')}`), scope, ...values]),
        ),
      ).toBe(true)
      fc.pre(other !== values[0])
      expect(verifies(signature, readingDigest(scope, [other, values[1]]))).toBe(false)
      expect(signReading(secret, scope, values)).toBe(signature)
    }),
    { numRuns: 20 },
  )
})

it('refuses what the field does not hold', () => {
  expect(() => signReading(secret, BN254_R, [1n, 2n])).toThrow(RangeError)
  expect(() => signReading(secret, 1n, [-1n, 2n])).toThrow(RangeError)
})

it('has a scope of its own for each project, registry and chain, which the field holds', () => {
  const one = { chainId: 1n, verifyingContract: address(`0x${'11'.repeat(20)}`) }
  const scopes = [
    scopeOf(one, projectId(1)),
    scopeOf(one, projectId(2)),
    scopeOf({ ...one, chainId: 2n }, projectId(1)),
    scopeOf({ ...one, verifyingContract: address(`0x${'12'.repeat(20)}`) }, projectId(1)),
  ]
  expect(new Set(scopes).size).toBe(4)
  for (const scope of scopes) expect(scope < 2n ** 248n).toBe(true)
})
