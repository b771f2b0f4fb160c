import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { signerSuite } from '@w3bstream/core/ports/suites'
import { fromHex, hash, keccak256, toHex } from '@w3bstream/protocol'
import fc from 'fast-check'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, describe, expect, it } from 'vitest'
import { LocalSigner } from './LocalSigner.ts'
import { recoverAddress } from './recoverAddress.ts'
import { pureSecp256k1, secp256k1 } from './secp256k1.ts'

const KEY = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const DIGEST = keccak256(new TextEncoder().encode('a digest'))
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

describe('LocalSigner', () => {
  const dir = mkdtempSync(join(tmpdir(), 'w3b-key-'))
  afterAll(() => rmSync(dir, { recursive: true }))

  signerSuite(async () => LocalSigner.generate())

  it('signs as wallets do', async () => {
    const signer = LocalSigner.fromHex(KEY)
    const wallet = privateKeyToAccount(`0x${KEY}`)
    expect(signer.address).toBe(wallet.address.toLowerCase())
    expect(await signer.sign(DIGEST)).toBe(await wallet.sign({ hash: DIGEST }))
  })

  it('shows its key nowhere', () => {
    const signer = LocalSigner.fromHex(KEY)
    for (const shown of [inspect(signer, { depth: 9, showHidden: true }), JSON.stringify(signer), String(signer)])
      expect(shown).not.toContain(KEY.slice(0, 16))
    const error = catching(() => LocalSigner.fromHex(`${KEY}0`))
    expect(inspect(error)).not.toContain(KEY.slice(0, 16))
  })

  it('keeps a new key in a file of its owner alone, and never over another', () => {
    const path = join(dir, 'new.key')
    const signer = LocalSigner.generate(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(LocalSigner.fromFile(path).address).toBe(signer.address)
    const before = readFileSync(path, 'utf8')
    expect(() => LocalSigner.generate(path)).toThrow(/EEXIST/)
    expect(readFileSync(path, 'utf8')).toBe(before)
  })

  it('refuses a key file that others may read', () => {
    const path = join(dir, 'open.key')
    writeFileSync(path, KEY)
    chmodSync(path, 0o644)
    expect(() => LocalSigner.fromFile(path)).toThrow(/read by others/)
    chmodSync(path, 0o600)
    expect(LocalSigner.fromFile(path).address).toBe(LocalSigner.fromHex(KEY).address)
  })

  it('refuses what is no key, by the name of where it came from', () => {
    expect(() => LocalSigner.fromEnvironment('SETTLER_KEY', { SETTLER_KEY: '12' })).toThrow(/SETTLER_KEY/)
    expect(() => LocalSigner.fromEnvironment('SETTLER_KEY', {})).toThrow(/SETTLER_KEY is not set/)
    expect(() => LocalSigner.fromHex('0'.repeat(64), 'zero')).toThrow(/zero is not a secp256k1 private key/)
    expect(() => LocalSigner.fromHex(ORDER.toString(16), 'order')).toThrow(/order is not/)
    expect(() => LocalSigner.fromFile(join(dir, 'absent.key'))).toThrow(/absent\.key cannot be read/)
  })
})

describe('recoverAddress', () => {
  const signer = LocalSigner.fromHex(KEY)
  const signature = signer.signNow(DIGEST)

  it('finds the signer of any digest, natively and in JavaScript alike', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const digest = hash(toHex(bytes))
        const key = fromHex(`0x${KEY}`)
        expect(recoverAddress(digest, signer.signNow(digest))).toBe(signer.address)
        const pure = pureSecp256k1.sign(bytes, key)
        expect(pure).toEqual(secp256k1.sign(bytes, key))
        expect(pureSecp256k1.recover(bytes, pure.rs, pure.recovery)).toEqual(pureSecp256k1.publicKey(key))
      }),
      { numRuns: 20 },
    )
  })

  it('takes v as 0 or 1, and the compact form of EIP-2098', () => {
    const v = Number.parseInt(signature.slice(-2), 16) - 27
    expect(recoverAddress(DIGEST, `${signature.slice(0, -2)}0${v}` as `0x${string}`)).toBe(signer.address)
    const s = BigInt(`0x${signature.slice(66, 130)}`) | (BigInt(v) << 255n)
    expect(
      recoverAddress(DIGEST, `${signature.slice(0, 66)}${s.toString(16).padStart(64, '0')}` as `0x${string}`),
    ).toBe(signer.address)
  })

  it('refuses the malleable form, zeros and wrong lengths', () => {
    const s = ORDER - BigInt(`0x${signature.slice(66, 130)}`)
    const flipped = signature.endsWith('1b') ? '1c' : '1b'
    const high = `${signature.slice(0, 66)}${s.toString(16).padStart(64, '0')}${flipped}` as `0x${string}`
    expect(() => recoverAddress(DIGEST, high)).toThrow(/high half/)
    expect(() => recoverAddress(DIGEST, `0x${'00'.repeat(64)}1b`)).toThrow(/no key/)
    expect(() => recoverAddress(DIGEST, `0x${'00'.repeat(62)}1b`)).toThrow(/65 bytes/)
    expect(() => recoverAddress(DIGEST, `${signature.slice(0, -2)}1d` as `0x${string}`)).toThrow(/27 or 28/)
  })
})

function catching(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
