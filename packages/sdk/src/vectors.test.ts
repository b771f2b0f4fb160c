import { readFileSync } from 'node:fs'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { address, domainSeparator, fromHex, type Hex, projectId, toHex, toWord } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { KeySet } from './KeySet.ts'
import { keyOfDevice } from './keyOfDevice.ts'
import { scopeOf } from './scopeOf.ts'
import { readingDigest, signReading } from './signReading.ts'

/** Written by the circuit's side. */
interface Vectors {
  readonly tag: Hex
  readonly depth: number
  readonly scopes: readonly {
    readonly chainId: string
    readonly verifyingContract: string
    readonly projectId: string
    readonly domainSeparator: Hex
    readonly scope: Hex
  }[]
  readonly keys: readonly { readonly secret: Hex; readonly key: Hex; readonly leaf: Hex }[]
  readonly trees: readonly {
    readonly keys: readonly Hex[]
    readonly root: Hex
    readonly paths: readonly { readonly index: number; readonly path: readonly Hex[] }[]
  }[]
  readonly signatures: readonly {
    readonly key: Hex
    readonly scope: Hex
    readonly time: number
    readonly u: number
    readonly digest: Hex
    readonly signature: Hex
  }[]
}
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/signed-readings.json', import.meta.url), 'utf8'),
)

describe('as the circuit has it', () => {
  it('scopes name registry and project', () => {
    expect(vectors.scopes.length).toBeGreaterThan(1)
    for (const { chainId, verifyingContract, ...expected } of vectors.scopes) {
      const domain = { chainId: BigInt(chainId), verifyingContract: address(verifyingContract) }
      expect(toHex(domainSeparator(domain))).toBe(expected.domainSeparator)
      expect(toHex(toWord(scopeOf(domain, projectId(expected.projectId))))).toBe(expected.scope)
    }
  })

  it('trees have these roots and paths', () => {
    for (const { keys, root, paths } of vectors.trees) {
      if (keys.length === 0) continue
      const set = KeySet.forCircuit(keys.map(fromHex))
      expect(set.root).toBe(root)
      for (const { index, path } of paths) expect(set.path(index)).toEqual(path)
    }
    expect(vectors.trees.filter(({ keys }) => keys.length > 0).length).toBeGreaterThan(2)
  })

  it('readings have these digests, and either side takes the other’s signatures', () => {
    const secrets = new Map(vectors.keys.map(({ key, secret }) => [key, fromHex(secret)]))
    for (const { key, scope, time, u, digest, signature } of vectors.signatures) {
      const values = [BigInt(time), BigInt(u)]
      expect(toHex(toWord(readingDigest(BigInt(scope), values)))).toBe(digest)
      const holds = (signed: Hex) =>
        secp256k1.verify(fromHex(signed), fromHex(digest), fromHex(key), { prehash: false, lowS: true })
      expect(holds(signature)).toBe(true)
      const secret = secrets.get(key) ?? new Uint8Array(32)
      expect(`0x04${toHex(keyOfDevice('secp256k1', secret).publicKey).slice(2)}`).toBe(key)
      expect(holds(signReading(secret, BigInt(scope), values))).toBe(true)
    }
  })
})
