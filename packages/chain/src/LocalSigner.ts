import { randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { Signer } from '@w3bstream/core/ports'
import { type Address, fromHex, type Hash, type Hex, InvalidInputError, toHex } from '@w3bstream/protocol'
import { addressOfKey } from './addressOfKey.ts'
import { secp256k1 } from './secp256k1.ts'

/** A secp256k1 key in this process's memory. It is never shown: not by `toString`, not by inspection, not in errors. */
export class LocalSigner implements Signer {
  readonly address: Address
  readonly #key: Uint8Array

  private constructor(key: Uint8Array, source: string) {
    try {
      this.address = addressOfKey(secp256k1.publicKey(key))
    } catch {
      throw new InvalidInputError({ field: source, problem: 'is not a secp256k1 private key' })
    }
    this.#key = key
  }

  /** @param source named in the error, so that the key need not be. @throws {InvalidInputError} */
  static fromHex(hex: string, source = 'private key'): LocalSigner {
    const digits = hex.trim().replace(/^0x/, '')
    if (!/^[0-9a-fA-F]{64}$/.test(digits))
      throw new InvalidInputError({ field: source, problem: 'has to be 32 bytes as 64 hex digits' })
    return new LocalSigner(fromHex(`0x${digits}`), source)
  }

  /**
   * Reads the key from a file that its owner alone may read.
   * @throws {InvalidInputError} the file cannot be read, is open to others, or holds no key
   */
  static fromFile(path: string): LocalSigner {
    let text: string
    try {
      if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0)
        throw new InvalidInputError({
          field: path,
          problem: 'can be read by others than its owner',
          hint: `Run: chmod 600 ${path}`,
        })
      text = readFileSync(path, 'utf8')
    } catch (cause) {
      if (cause instanceof InvalidInputError) throw cause
      throw new InvalidInputError({ field: path, problem: 'cannot be read as a key file', cause })
    }
    return LocalSigner.fromHex(text, path)
  }

  /** Reads the key from an environment variable. @throws {InvalidInputError} it is not set, or holds no key */
  static fromEnvironment(name: string, env: Readonly<Record<string, string | undefined>> = process.env): LocalSigner {
    const value = env[name]
    if (value === undefined || value === '') throw new InvalidInputError({ field: name, problem: 'is not set' })
    return LocalSigner.fromHex(value, name)
  }

  /** Makes a new random key, and stores it when `path` is given: a new file, readable by its owner alone. */
  static generate(path?: string): LocalSigner {
    let key = randomBytes(32)
    // A draw outside 1 … n-1 happens once in 2^128: drawing again keeps the distribution even.
    while (!isKey(key)) key = randomBytes(32)
    if (path !== undefined) {
      writeFileSync(path, `${toHex(key)}\n`, { mode: 0o600, flag: 'wx', flush: true })
      chmodSync(path, 0o600)
    }
    return new LocalSigner(new Uint8Array(key), 'generated key')
  }

  async sign(digest: Hash): Promise<Hex> {
    return this.signNow(digest)
  }

  /** `sign` without a promise, for callers that sign thousands. */
  signNow(digest: Hash): Hex {
    const { rs, recovery } = secp256k1.sign(fromHex(digest), this.#key)
    return `${toHex(rs)}${recovery === 0 ? '1b' : '1c'}`
  }
}

function isKey(key: Uint8Array): boolean {
  try {
    return secp256k1.publicKey(key).length === 65
  } catch {
    return false
  }
}
