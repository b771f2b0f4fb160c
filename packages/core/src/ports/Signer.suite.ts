import { fromHex, fromWord, type Hash, hash, recoverSigner } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { randomHash } from './fixtures.suite.ts'
import type { Signer } from './Signer.ts'

/** Order of secp256k1 (SEC 2, section 2.4.1). */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** What every Signer does. @param make a signer, the same key or another each time */
export const signerSuite = (make: () => Promise<Signer>): void => {
  const check = async (signer: Signer, digest: Hash): Promise<void> => {
    const signature = fromHex(await signer.sign(digest))
    expect(signature).toHaveLength(65)
    expect([27, 28]).toContain(signature[64])
    expect(fromWord(signature.subarray(32, 64)) <= ORDER / 2n, 's is low').toBe(true)
    expect(recoverSigner(digest, signature)).toBe(signer.address)
  }

  it('has an address in lower case', async () => {
    expect((await make()).address).toMatch(/^0x[0-9a-f]{40}$/)
  })

  it('makes signatures that contracts take, of any digest', async () => {
    const signer = await make()
    for (let i = 0; i < 40; i++) await check(signer, randomHash())
  })

  describe('signs the digest', () => {
    const digests = {
      'of zeros': `0x${'00'.repeat(32)}`,
      'of ones': `0x${'ff'.repeat(32)}`,
      'that is the order of the curve': `0x${ORDER.toString(16)}`,
      'that is one': `0x${'00'.repeat(31)}01`,
    }
    for (const [name, digest] of Object.entries(digests)) it(name, async () => check(await make(), hash(digest)))
  })

  it('signs many at once, each its own', async () => {
    const signer = await make()
    await Promise.all(Array.from({ length: 12 }, () => check(signer, randomHash())))
  })
}
